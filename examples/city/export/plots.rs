//! Plots as SVG: how far people walk, how full sites are, and how the evening fills them.

use catchment::units::Distance;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::acts::Forming;
use crate::city::UNLIMITED;
use crate::export::Planned;
use crate::failure::Failure;
use crate::seeded::EVENING;
use crate::summary;

const SIZE: (u32, u32) = (800, 480);
/// The colours of M. Okabe and K. Ito (2008), which colour-blind people can tell apart.
const BLUE: RGBColor = RGBColor(0, 114, 178);
const ORANGE: RGBColor = RGBColor(230, 159, 0);
const INK: RGBColor = RGBColor(40, 46, 54);
const FAINT: RGBColor = RGBColor(225, 228, 232);

/// A plot and the name of its file.
pub(super) struct Plot {
    pub(super) name: &'static str,
    pub(super) svg: String,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Which lines of the grid are drawn.
enum Grid {
    Rows,
    Both,
}

/// All plots that there is something to show of.
pub(super) fn all(planned: &Planned<'_>) -> Result<Vec<Plot>, Failure> {
    let plot = |name, draw: &dyn Fn(&Area<'_>) -> Drawn| -> Result<Plot, Failure> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            let drawn = area
                .fill(&WHITE)
                .map_err(Into::into)
                .and_then(|()| draw(&area));
            drawn.map_err(|error| Failure::Plot {
                name,
                error: error.to_string(),
            })?;
        }
        Ok(Plot { name, svg })
    };
    let walks = walks(planned);
    let loads = loads(planned);
    let mut plots = Vec::new();
    if !walks.is_empty() {
        plots.push(plot("walks.svg", &|area| draw_walks(area, &walks))?);
    }
    if !loads.is_empty() {
        plots.push(plot("loads.svg", &|area| draw_loads(area, &loads))?);
    }
    if !planned.city.placed().is_empty() {
        plots.push(plot("evening.svg", &|area| {
            draw_evening(area, &evening(planned))
        })?);
    }
    if let Some(forming) = planned.forming {
        plots.push(plot("forming.svg", &|area| draw_forming(area, forming))?);
    }
    Ok(plots)
}

/// In metres, ascending.
fn walks(planned: &Planned<'_>) -> Vec<f64> {
    let mut walks: Vec<_> = planned
        .routed()
        .filter_map(|order| order.distance())
        .collect();
    walks.sort_unstable();
    walks.into_iter().map(Distance::as_metres_f64).collect()
}

/// The axes with their labels, and the grid behind them.
fn draw_axes(chart: &mut Chart<'_, '_>, grid: &Grid, (across, up): (&str, &str)) -> Drawn {
    let mut mesh = chart.configure_mesh();
    if let Grid::Rows = grid {
        mesh.disable_x_mesh();
    }
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(INK)
        .label_style(("sans-serif", 13, &INK))
        .x_label_formatter(&grouped)
        .y_label_formatter(&grouped)
        .x_desc(across)
        .y_desc(up)
        .draw()?;
    Ok(())
}

/// A label of an axis: a whole number with separators.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "what plotters asks for")]
fn grouped(number: &f64) -> String {
    summary::grouped(number.round().max(0.0) as usize)
}

/// Capacity and load of every site that has a limit.
fn loads(planned: &Planned<'_>) -> Vec<(f64, f64)> {
    let loads = planned
        .plan()
        .loads()
        .iter()
        .filter(|load| load.capacity != UNLIMITED);
    loads
        .map(|load| (f64::from(load.capacity.0), f64::from(load.load.0)))
        .collect()
}

fn draw_walks(area: &Area<'_>, walks: &[f64]) -> Drawn {
    const BARS: usize = 60;
    // Few walk very far; they are in the last bar.
    let longest = walks[(walks.len() - 1) * 995 / 1000].max(1.0);
    let width = longest / BARS as f64;
    let mut bars = [0_u32; BARS];
    for walk in walks {
        bars[((walk / width) as usize).min(BARS - 1)] += 1;
    }
    let highest = f64::from(bars.into_iter().max().unwrap_or(1));
    let mut chart = ChartBuilder::on(area)
        .caption("How far customers walk", ("sans-serif", 20, &INK))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..longest, 0.0..highest * 1.08)?;
    draw_axes(
        &mut chart,
        &Grid::Rows,
        (
            "metres as the crow flies; the last bar has all that are longer",
            "orders",
        ),
    )?;
    chart.draw_series(bars.iter().enumerate().map(|(bar, count)| {
        let left = bar as f64 * width;
        let corners = [
            (left + 0.08 * width, 0.0),
            (left + 0.92 * width, f64::from(*count)),
        ];
        Rectangle::new(corners, BLUE.filled())
    }))?;
    for (percent, name) in [(50, "half are within"), (95, "95 % within")] {
        let walk = walks[(walks.len() * percent).div_ceil(100) - 1];
        let at = highest * if percent == 50 { 1.06 } else { 0.4 };
        chart.draw_series(LineSeries::new(
            [(walk, 0.0), (walk, at)],
            INK.stroke_width(1),
        ))?;
        let label = format!("{name} {} m", grouped(&walk));
        chart.draw_series([Text::new(
            label,
            (walk + 0.2 * width, at),
            ("sans-serif", 14).into_font().color(&INK),
        )])?;
    }
    Ok(area.present()?)
}

fn draw_loads(area: &Area<'_>, loads: &[(f64, f64)]) -> Drawn {
    let most = |of: fn(&(f64, f64)) -> f64| loads.iter().map(of).fold(1.0, f64::max) * 1.06;
    let (capacity, load) = (most(|site| site.0), most(|site| site.1));
    let mut chart = ChartBuilder::on(area)
        .caption("Load against capacity", ("sans-serif", 20, &INK))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..capacity, 0.0..load)?;
    draw_axes(
        &mut chart,
        &Grid::Both,
        (
            "what the pickup point takes (a little spread); on the line it is full",
            "orders",
        ),
    )?;
    let full = capacity.min(load);
    chart.draw_series(LineSeries::new(
        [(0.0, 0.0), (full, full)],
        INK.stroke_width(1),
    ))?;
    let width = 0.02 * capacity;
    chart.draw_series(loads.iter().enumerate().map(|(number, (capacity, load))| {
        let colour = if load >= capacity { ORANGE } else { BLUE };
        // Many take the same: multiples of the golden ratio spread them evenly.
        let aside = (number as f64 * 0.618_034).fract() - 0.5;
        Circle::new(
            (capacity + aside * width, *load),
            3,
            colour.mix(0.5).filled(),
        )
    }))?;
    Ok(area.present()?)
}

/// For every minute: orders placed so far, and pickup points that are full with those.
fn evening(planned: &Planned<'_>) -> Vec<(f64, f64, f64)> {
    let mut placed: Vec<_> = planned
        .routed()
        .map(|order| (planned.city.placed()[order.place], order))
        .collect();
    placed.sort_by_key(|(at, order)| (*at, order.place));
    let mut loads = vec![0; planned.city.sites().len()];
    let (mut placed, mut orders, mut full) = (placed.into_iter().peekable(), 0.0, 0.0);
    let minutes = (0..=EVENING).map(|minute| {
        while let Some((_, order)) = placed.next_if(|(at, _)| u64::from(*at) <= minute * 60) {
            orders += 1.0;
            if let Some(site) = order.site() {
                let load = &mut loads[site.0 as usize];
                *load += 1;
                full += f64::from(u8::from(*load == planned.city.site(site).capacity.0));
            }
        }
        (minute as f64, orders, full)
    });
    minutes.collect()
}

fn draw_evening(area: &Area<'_>, minutes: &[(f64, f64, f64)]) -> Drawn {
    let (last, orders, full) = minutes.last().copied().unwrap_or_default();
    let mut chart = ChartBuilder::on(area)
        .caption("The evening", ("sans-serif", 20, &INK))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .right_y_label_area_size(56)
        .build_cartesian_2d(0.0..last, 0.0..orders.max(1.0) * 1.08)?
        .set_secondary_coord(0.0..last, 0.0..full.max(1.0) * 1.5);
    draw_axes(
        &mut chart,
        &Grid::Rows,
        ("minutes since the stream began", "orders so far"),
    )?;
    chart
        .configure_secondary_axes()
        .y_label_formatter(&grouped)
        .axis_style(INK)
        .label_style(("sans-serif", 13, &INK))
        .y_desc("full pickup points")
        .draw()?;
    let so_far = minutes.iter().map(|(minute, orders, _)| (*minute, *orders));
    chart
        .draw_series(LineSeries::new(so_far, BLUE.stroke_width(3)))?
        .label("orders so far")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE.stroke_width(3)));
    let full = minutes.iter().map(|(minute, _, full)| (*minute, *full));
    chart
        .draw_secondary_series(LineSeries::new(full, ORANGE.stroke_width(3)))?
        .label("full pickup points")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], ORANGE.stroke_width(3)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font(("sans-serif", 14, &INK))
        .draw()?;
    Ok(area.present()?)
}

/// How the communities of the presale form, minute by minute.
fn draw_forming(area: &Area<'_>, forming: &Forming) -> Drawn {
    let formed = forming
        .minutes()
        .filter(|(minute, _)| *minute <= EVENING as f64);
    let formed: Vec<(f64, f64)> = formed.collect();
    let (minutes, needed) = (EVENING as f64, f64::from(forming.needed));
    let most = formed
        .iter()
        .map(|(_, formed)| *formed)
        .fold(needed, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(
            "Communities of the presale that have formed",
            ("sans-serif", 20, &INK),
        )
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..minutes, 0.0..most * 1.1)?;
    draw_axes(
        &mut chart,
        &Grid::Rows,
        ("minutes since the stream began", "communities"),
    )?;
    chart.draw_series(LineSeries::new(
        [(0.0, needed), (minutes, needed)],
        INK.stroke_width(1),
    ))?;
    let label = format!("{} are needed", forming.needed);
    let style = ("sans-serif", 14).into_font().color(&INK);
    chart.draw_series([Text::new(
        label,
        (0.01 * minutes, needed + 0.05 * most),
        style,
    )])?;
    chart.draw_series(LineSeries::new(formed, BLUE.stroke_width(3)))?;
    Ok(area.present()?)
}
