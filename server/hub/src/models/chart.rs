//! The curves of a run as a picture for a card: a few kilobytes of SVG, exact to the pixel, readable on any ground.

use std::fmt::Write as _;

use paceline_schema::series::Series;

/// Width of the picture.
const WIDTH: f64 = 720.0;
/// Height of one panel, with its axis.
const PANEL: f64 = 240.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 34.0;
/// Colours that stay apart for who sees few of them.
const COLOURS: [&str; 6] = ["#3b6fd4", "#d1741f", "#2e9e6b", "#9b4dca", "#c23b57", "#5a6472"];
/// Lines about so far apart on an axis.
const TICKS: f64 = 5.0;

/// Draws lines whose values can be compared in one panel: losses in the first, the others below it. Nothing where there
/// is no line.
pub(super) fn chart(title: &str, curves: &[Series]) -> Option<String> {
    let drawable: Vec<&Series> = curves.iter().filter(|curve| points(curve).count() > 1).collect();
    let (losses, others): (Vec<&Series>, Vec<&Series>) =
        drawable.into_iter().partition(|curve| curve.key.to_lowercase().contains("loss"));
    let panels: Vec<Vec<&Series>> = [losses, others].into_iter().filter(|panel| !panel.is_empty()).collect();
    if panels.is_empty() {
        return None;
    }
    let height = PANEL * panels.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" font-family=\"system-ui, sans-serif\" font-size=\"12\"><title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        escaped(title)
    );
    for (place, panel) in panels.iter().enumerate() {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", PANEL * place as f64);
        draw(&mut svg, panel);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn points(curve: &Series) -> impl Iterator<Item = (f64, f64)> {
    let pairs = curve.x.iter().zip(&curve.value);
    pairs.filter_map(|(x, value)| Some((*x, (*value)?))).filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// An axis ends here: rounded up, the largest floats would be none.
const LARGEST: f64 = 1e300;

/// What an axis shows: from, to, and where its lines are.
struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
}

impl Axis {
    /// Of values; one value alone has room around it.
    fn of(values: impl Iterator<Item = f64>, is_rounded: bool) -> Self {
        let (low, high) = values
            .map(|value| value.clamp(-LARGEST, LARGEST))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let room = if low < high { 0.0 } else { low.abs().max(1.0) / 10.0 };
        let (low, high) = (low - room, high + room);
        let raw = (high - low) / TICKS;
        let magnitude = 10_f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude).into_iter().find(|step| *step >= raw);
        let step = step.unwrap_or(raw);
        let (first, last) = ((low / step).ceil(), (high / step).floor());
        let (first, last, low, high) = if is_rounded {
            let (down, up) = ((low / step).floor(), (high / step).ceil());
            (down, up, down * step, up * step)
        } else {
            (first, last, low, high)
        };
        let count = (last - first).clamp(0.0, 2.0 * TICKS + 2.0) as u32;
        Self {
            from: low,
            to: high,
            ticks: (0..=count).map(|place| (first + f64::from(place)) * step).collect(),
        }
    }

    /// Where a value stands, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        (value / 2.0 - self.from / 2.0) / (self.to / 2.0 - self.from / 2.0)
    }
}

fn draw(svg: &mut String, panel: &[&Series]) {
    let x = Axis::of(panel.iter().flat_map(|curve| points(curve)).map(|(x, _)| x), false);
    let y = Axis::of(panel.iter().flat_map(|curve| points(curve)).map(|(_, y)| y), true);
    let across = |value: f64| LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
    let up = |value: f64| PANEL - BOTTOM - y.share(value) * (PANEL - TOP - BOTTOM);
    for tick in &y.ticks {
        let (place, label) = (up(*tick), short(*tick));
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {place:.1}H{}\" stroke=\"#e3e6ea\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" \
             fill=\"#5a6472\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            place + 4.0
        );
    }
    for tick in &x.ticks {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#5a6472\">{}</text>",
            across(*tick),
            PANEL - BOTTOM + 18.0,
            short(*tick)
        );
    }
    let mut legend = LEFT;
    for (place, curve) in panel.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let _ = writeln!(
            svg,
            "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>",
            line(curve, across, up)
        );
        let name: String = curve.key.chars().take(40).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{legend:.0} 18h16\" stroke=\"{colour}\" stroke-width=\"3\"/><text x=\"{:.0}\" y=\"22\" \
             fill=\"#1c2329\">{}</text>",
            legend + 22.0,
            escaped(&name)
        );
        legend += 40.0 + 7.0 * name.chars().count() as f64;
    }
}

/// The line, with a gap where a value is none.
fn line(curve: &Series, across: impl Fn(f64) -> f64, up: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut is_drawn = false;
    for (x, value) in curve.x.iter().zip(&curve.value) {
        let Some(value) = value.filter(|value| value.is_finite() && x.is_finite()) else {
            is_drawn = false;
            continue;
        };
        let _ = write!(path, "{}{:.1} {:.1}", if is_drawn { 'L' } else { 'M' }, across(*x), up(value));
        is_drawn = true;
    }
    path
}

/// A number to four figures.
pub(super) fn short(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    let plain = rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs());
    if plain { format!("{}", rounded + 0.0) } else { format!("{rounded:e}") }
}

fn escaped(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control());
    plain.fold(String::new(), |mut text, c| {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            c => text.push(c),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use paceline_schema::series::XAxis;

    fn curve(key: &str, values: &[Option<f64>]) -> Series {
        Series {
            run_id: "r".to_owned(),
            run: "r".to_owned(),
            key: key.to_owned(),
            rank: 0,
            x_axis: XAxis::Step,
            x: (0..values.len()).map(|place| place as f64).collect(),
            value: values.to_vec(),
            raw: None,
            total_points: values.len() as u64,
            exact: true,
        }
    }

    #[test]
    fn lines_stand_where_their_values_are() {
        let loss = curve("train/<loss>", &[Some(2.0), None, Some(1.0), Some(0.0)]);
        let reward = curve("reward", &[Some(0.5), Some(0.5)]);
        let svg = chart("a & b", &[reward, loss]).expect("lines");
        assert!(svg.contains("<title>a &amp; b</title>") && svg.contains("train/&lt;loss&gt;"), "{svg}");
        // The highest at the top of the panel, the lowest at its end, and a gap where there is no number.
        assert!(svg.contains("d=\"M64.0 34.0M490.7 120.0L704.0 206.0\""), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 720 480\""), "two panels: {svg}");
        assert!(svg.find("train/").expect("there") < svg.find("reward").expect("there"), "losses first");
    }

    #[test]
    fn odd_values_make_no_odd_picture() {
        assert_eq!(chart("x", &[curve("loss", &[None, Some(1.0)]), curve("loss", &[])]), None);
        for values in [[f64::MAX, f64::MIN], [1e-300, 1.0000001e-300], [0.0, 0.0], [-3.0, -3.0]] {
            let svg = chart("x", &[curve("loss", &values.map(Some))]).expect("a line");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{values:?}: {svg}");
        }
        let long: Vec<Option<f64>> = (0..1_440).map(|place| Some(1.0 / f64::from(place + 1))).collect();
        assert!(chart("x", &[curve("loss", &long)]).expect("a line").len() < 40_000);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in
            [(0.1 + 0.2, "0.3"), (-0.0, "0"), (1_234_567.0, "1.235e6"), (2e-5, "2e-5"), (1250.0, "1250")]
        {
            assert_eq!(short(value), text);
        }
    }
}
