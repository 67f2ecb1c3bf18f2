//! The source keeps its shape: layers look one way, files can be read in one sitting.
