//! How many steps of the optimiser a training takes: the arithmetic of transformers' Trainer and TRL's samplers.

/// What the number of steps depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batches {
    /// Rows a device takes at once.
    pub batch_size: u32,
    /// Such batches that make a step.
    pub accumulation: u32,
    /// Devices.
    pub devices: u32,
    /// Answers to each prompt, where the model writes them itself.
    pub generations: Option<u32>,
}

impl Batches {
    /// Rows that a step sees.
    #[must_use]
    pub fn effective(&self) -> u64 {
        u64::from(self.batch_size.max(1))
            * u64::from(self.accumulation.max(1))
            * u64::from(self.devices.max(1))
    }
}

/// Steps for so many rows, or packed sequences, each seen `epochs` times.
#[must_use]
pub fn steps(rows: u64, epochs: f64, batches: &Batches) -> u64 {
    let in_an_epoch = match batches.generations {
        // A step answers as many prompts as its batch has groups; prompts that fill none are left out.
        Some(generations) => rows / (batches.effective() / u64::from(generations.max(1))).max(1),
        None => {
            let at_once = u64::from(batches.batch_size.max(1)) * u64::from(batches.devices.max(1));
            rows.div_ceil(at_once).div_ceil(u64::from(batches.accumulation.max(1)))
        }
    };
    if rows == 0 { 0 } else { (in_an_epoch.max(1) as f64 * epochs).ceil() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIXTEEN: Batches = Batches { batch_size: 4, accumulation: 4, devices: 1, generations: None };

    #[test]
    fn the_last_step_of_an_epoch_may_be_short() {
        assert_eq!(steps(1_600, 1.0, &SIXTEEN), 100);
        assert_eq!(steps(1_601, 1.0, &SIXTEEN), 101);
        assert_eq!(steps(161 * 8, 4.0, &Batches { batch_size: 8, ..SIXTEEN }), 164);
        assert_eq!(steps(95, 1.5, &Batches { batch_size: 1, accumulation: 1, ..SIXTEEN }), 143);
        assert_eq!(steps(3, 1.0, &SIXTEEN), 1);
        assert_eq!(steps(0, 1.0, &SIXTEEN), 0);
        assert_eq!(steps(1_600, 1.0, &Batches { devices: 2, ..SIXTEEN }), 50);
    }

    #[test]
    fn groups_of_answers_divide_the_batch() {
        let groups = Batches { generations: Some(8), ..SIXTEEN };
        assert_eq!(steps(100, 1.0, &groups), 50);
        assert_eq!(steps(101, 2.0, &groups), 100);
    }
}
