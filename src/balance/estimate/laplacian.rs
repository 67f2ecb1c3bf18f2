/// When the system counts as solved: the squared residual has fallen to this share.
const TOLERANCE: f64 = 1e-3;

/// More rounds of conjugate gradients than are needed: they take 5 to 20.
const ROUNDS: usize = 60;

/// A graph of sites as the matrix D − W: W holds the weights of the edges, D their sums and what leads to the ground.
pub(super) struct Laplacian {
    /// Where each row's edges end.
    ends: Vec<usize>,
    edges: Vec<(u32, f64)>,
    diagonal: Vec<f64>,
}

impl Laplacian {
    /// An edge of this weight for each pair, added up, and a weight to the ground for each site.
    pub(super) fn new(pairs: &[(u32, u32)], weight: f64, ground: Vec<f64>) -> Self {
        let sites = ground.len();
        let mut begins = vec![0_usize; sites + 1];
        for (one, other) in pairs {
            begins[*one as usize + 1] += 1;
            begins[*other as usize + 1] += 1;
        }
        for site in 0..sites {
            begins[site + 1] += begins[site];
        }
        let mut fill = begins.clone();
        let mut neighbours = vec![0_u32; 2 * pairs.len()];
        for (one, other) in pairs {
            for (from, to) in [(one, other), (other, one)] {
                neighbours[fill[*from as usize]] = *to;
                fill[*from as usize] += 1;
            }
        }
        let mut matrix = Self {
            ends: Vec::with_capacity(sites),
            edges: Vec::new(),
            diagonal: ground,
        };
        // For each neighbour the number of its edge, if that lies in the row being built.
        let mut edge_of = vec![usize::MAX; sites];
        for site in 0..sites {
            let row = matrix.edges.len();
            for neighbour in &neighbours[begins[site]..begins[site + 1]] {
                let edge = &mut edge_of[*neighbour as usize];
                if *edge == usize::MAX || *edge < row {
                    *edge = matrix.edges.len();
                    matrix.edges.push((*neighbour, 0.0));
                }
                matrix.edges[*edge].1 += weight;
                matrix.diagonal[site] += weight;
            }
            matrix.ends.push(matrix.edges.len());
        }
        matrix
    }

    /// x with (D − W) x = b on the free sites and x = 0 on the others, nearly: conjugate gradients, preconditioned by
    /// the diagonal (M. R. Hestenes and E. Stiefel, *Methods of conjugate gradients for solving linear systems*, 1952).
    pub(super) fn solve(&self, b: &[f64], is_free: &[bool]) -> Vec<f64> {
        let mut x = vec![0.0; b.len()];
        let mut residual: Vec<f64> = (b.iter().zip(is_free))
            .map(|(b, free)| if *free { *b } else { 0.0 })
            .collect();
        let mut scaled = self.scale(&residual);
        let mut direction = scaled.clone();
        let mut length = dot(&residual, &scaled);
        let enough = TOLERANCE * length;
        for _ in 0..ROUNDS {
            let image = self.apply(&direction, is_free);
            let curvature = dot(&direction, &image);
            if length <= enough || curvature <= 0.0 {
                break;
            }
            add(&mut x, length / curvature, &direction);
            add(&mut residual, -length / curvature, &image);
            scaled = self.scale(&residual);
            let next = dot(&residual, &scaled);
            for (direction, scaled) in direction.iter_mut().zip(&scaled) {
                *direction = scaled + next / length * *direction;
            }
            length = next;
        }
        x
    }

    fn scale(&self, residual: &[f64]) -> Vec<f64> {
        let pairs = residual.iter().zip(&self.diagonal);
        pairs
            .map(|(residual, diagonal)| residual / diagonal)
            .collect()
    }

    /// (D − W) x on the free sites. `x` is 0 on the others.
    fn apply(&self, x: &[f64], is_free: &[bool]) -> Vec<f64> {
        let mut image = vec![0.0; x.len()];
        let mut begin = 0;
        for (site, end) in self.ends.iter().enumerate() {
            if is_free[site] {
                let edges = &self.edges[begin..*end];
                let inflow: f64 = edges
                    .iter()
                    .map(|(to, weight)| weight * x[*to as usize])
                    .sum();
                image[site] = self.diagonal[site] * x[site] - inflow;
            }
            begin = *end;
        }
        image
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], factor: f64, direction: &[f64]) {
    for (sum, direction) in sum.iter_mut().zip(direction) {
        *sum += factor * direction;
    }
}
