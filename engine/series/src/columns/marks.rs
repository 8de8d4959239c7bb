//! What matters of points in their order: first, last, lowest, highest, and the first that is not finite.

/// Places of the points that matter among some; places ascend in the order of points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks {
    /// The first of the lowest finite values.
    pub(crate) lowest: Option<(usize, f64)>,
    /// The first of the highest.
    pub(crate) highest: Option<(usize, f64)>,
    /// The first value that is not finite: the line breaks there. From a rollup it is NaN, whatever was logged.
    pub(crate) gap: Option<(usize, f64)>,
}

impl Marks {
    pub(crate) const NONE: Self = Self { lowest: None, highest: None, gap: None };

    /// Those of points in their order.
    pub(crate) fn of(points: impl Iterator<Item = (usize, f64)>) -> Self {
        let mut marks = Self::NONE;
        points.for_each(|(place, value)| marks.see(place, value));
        marks
    }

    /// Takes in the next point.
    pub(crate) fn see(&mut self, place: usize, value: f64) {
        if !value.is_finite() {
            self.gap.get_or_insert((place, value));
            return;
        }
        if self.lowest.is_none_or(|lowest| value < lowest.1) {
            self.lowest = Some((place, value));
        }
        if self.highest.is_none_or(|highest| value > highest.1) {
            self.highest = Some((place, value));
        }
    }

    /// Takes in what matters of the points that come next.
    pub(crate) fn see_all(&mut self, next: &Self) {
        if let Some((place, value)) = next.lowest
            && self.lowest.is_none_or(|lowest| value < lowest.1)
        {
            self.lowest = Some((place, value));
        }
        if let Some((place, value)) = next.highest
            && self.highest.is_none_or(|highest| value > highest.1)
        {
            self.highest = Some((place, value));
        }
        self.gap = self.gap.or(next.gap);
    }
}
