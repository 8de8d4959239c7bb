//! The machines of Hugging Face Jobs: what computes in them, how much memory it has, and two lists of prices.
//!
//! Sources: the official list, docs/hub/jobs-pricing of 2026 (memory and prices); the guide's list and factors are
//! those of the model-trainer skill of December 2025.

use paceline_schema::plan::{FinishedRun, Precision, PriceTable};

/// What computes in a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accelerator {
    /// Its name; `CPU` where there is no GPU.
    pub name: &'static str,
    /// What it trains in.
    pub precision: Precision,
    /// Dense operations a second in that precision, 10¹².
    pub teraflops: f64,
    /// Bytes it reads a second, 10⁹.
    pub bandwidth_gb: f64,
    /// Power it may draw, watts; 0 of a CPU.
    pub watts: f64,
}

/// How far memory and power of a GPU may be from the figures of its kind: drivers keep some, clouds cap some.
const LIKE: f64 = 0.12;
const LIKE_WATTS: f64 = 0.3;

const CPU: Accelerator =
    Accelerator { name: "CPU", precision: Precision::Fp32, teraflops: 0.3, bandwidth_gb: 40.0, watts: 0.0 };
/// Turing: it has no bfloat16.
const T4: Accelerator =
    Accelerator { name: "T4", precision: Precision::Fp16, teraflops: 65.0, bandwidth_gb: 320.0, watts: 70.0 };
const L4: Accelerator = Accelerator {
    name: "L4",
    precision: Precision::Bf16,
    teraflops: 121.0,
    bandwidth_gb: 300.0,
    watts: 72.0,
};
const L40S: Accelerator = Accelerator {
    name: "L40S",
    precision: Precision::Bf16,
    teraflops: 362.0,
    bandwidth_gb: 864.0,
    watts: 350.0,
};
const A10G: Accelerator = Accelerator {
    name: "A10G",
    precision: Precision::Bf16,
    teraflops: 70.0,
    bandwidth_gb: 600.0,
    watts: 300.0,
};
const A100: Accelerator = Accelerator {
    name: "A100",
    precision: Precision::Bf16,
    teraflops: 312.0,
    bandwidth_gb: 2_039.0,
    watts: 400.0,
};
const H200: Accelerator = Accelerator {
    name: "H200",
    precision: Precision::Bf16,
    teraflops: 989.0,
    bandwidth_gb: 4_800.0,
    watts: 700.0,
};
const RTX_PRO: Accelerator = Accelerator {
    name: "RTX PRO 6000",
    precision: Precision::Bf16,
    teraflops: 500.0,
    bandwidth_gb: 1_792.0,
    watts: 600.0,
};

/// A machine that can be rented.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flavor {
    /// Its name at Hugging Face Jobs.
    pub name: &'static str,
    /// What computes in it.
    pub accelerator: Accelerator,
    /// How many of these.
    pub devices: u32,
    /// Memory of one, 10⁹ bytes; of a CPU, the machine's.
    pub memory_gb: f64,
    /// Price of an hour in the guide.
    guide_usd: Option<f64>,
    /// Official price of an hour.
    official_usd: f64,
    /// The guide's factor on the time.
    guide_factor: Option<f64>,
}

impl Flavor {
    /// Price of an hour by a table, if it knows the machine.
    #[must_use]
    pub fn usd_per_hour(&self, table: PriceTable) -> Option<f64> {
        match table {
            PriceTable::Guide => self.guide_usd,
            PriceTable::Official => Some(self.official_usd),
            PriceTable::Now => None,
        }
    }

    /// The guide's factor on the time; 1 where it has none.
    #[must_use]
    pub fn guide_factor(&self) -> f64 {
        self.guide_factor.unwrap_or(1.0)
    }

    /// Whether the guide measured this machine.
    #[must_use]
    pub fn is_in_guide(&self) -> bool {
        self.guide_factor.is_some()
    }

    /// Whether it trains without a GPU.
    #[must_use]
    pub fn is_cpu(&self) -> bool {
        self.accelerator == CPU
    }

    /// Whether a run was on as many GPUs of this kind, as far as their memory and power tell.
    #[must_use]
    pub fn is_machine_of(&self, run: &FinishedRun) -> bool {
        let Some(memory) = run.device_memory_gib.filter(|_| run.devices == self.devices && !self.is_cpu())
        else {
            return false;
        };
        let like = |found: f64, wanted: f64, by: f64| (found - wanted).abs() <= wanted * by;
        let is_kind = |flavor: &Self| {
            like(memory, flavor.memory_gb, LIKE)
                && run.device_watts.is_none_or(|watts| like(watts, flavor.accelerator.watts, LIKE_WATTS))
        };
        // Several kinds that look alike tell nothing of each other.
        let others =
            FLAVORS.iter().filter(|flavor| !flavor.is_cpu() && flavor.accelerator != self.accelerator);
        is_kind(self) && !others.into_iter().any(is_kind)
    }

    /// What computes in it, as people say it.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.devices == 1 {
            self.accelerator.name.to_owned()
        } else {
            format!("{} × {}", self.devices, self.accelerator.name)
        }
    }
}

/// A machine outside the guide.
const fn official(
    name: &'static str,
    devices: u32,
    accelerator: Accelerator,
    memory_gb: f64,
    usd: f64,
) -> Flavor {
    Flavor { name, accelerator, devices, memory_gb, guide_usd: None, official_usd: usd, guide_factor: None }
}

/// A machine of the guide: official price, the guide's price, the guide's factor.
const fn guided(
    name: &'static str,
    devices: u32,
    accelerator: Accelerator,
    memory_gb: f64,
    prices: (f64, f64),
    factor: f64,
) -> Flavor {
    Flavor {
        name,
        accelerator,
        devices,
        memory_gb,
        guide_usd: Some(prices.1),
        official_usd: prices.0,
        guide_factor: Some(factor),
    }
}

/// Every machine, those without a GPU first.
pub const FLAVORS: [Flavor; 26] = [
    official("cpu-basic", 1, CPU, 16.0, 0.01),
    official("cpu-upgrade", 1, CPU, 32.0, 0.03),
    official("cpu-xl", 1, CPU, 124.0, 1.00),
    official("cpu-performance", 1, CPU, 256.0, 1.90),
    guided("t4-small", 1, T4, 16.0, (0.40, 0.75), 2.0),
    guided("t4-medium", 1, T4, 16.0, (0.60, 1.50), 1.5),
    guided("l4x1", 1, L4, 24.0, (0.80, 2.50), 1.2),
    official("l4x4", 4, L4, 24.0, 3.80),
    official("l40sx1", 1, L40S, 48.0, 1.80),
    official("l40sx4", 4, L40S, 48.0, 8.30),
    official("l40sx8", 8, L40S, 48.0, 23.50),
    guided("a10g-small", 1, A10G, 24.0, (1.00, 3.50), 1.3),
    guided("a10g-large", 1, A10G, 24.0, (1.50, 5.00), 1.0),
    guided("a10g-largex2", 2, A10G, 24.0, (3.00, 10.00), 0.6),
    guided("a10g-largex4", 4, A10G, 24.0, (5.00, 20.00), 0.4),
    guided("a100-large", 1, A100, 80.0, (2.50, 10.00), 0.7),
    official("a100x4", 4, A100, 80.0, 10.00),
    official("a100x8", 8, A100, 80.0, 20.00),
    official("h200", 1, H200, 141.0, 5.00),
    official("h200x2", 2, H200, 141.0, 10.00),
    official("h200x4", 4, H200, 141.0, 20.00),
    official("h200x8", 8, H200, 141.0, 40.00),
    official("rtx-pro-6000", 1, RTX_PRO, 96.0, 2.75),
    official("rtx-pro-6000x2", 2, RTX_PRO, 96.0, 5.50),
    official("rtx-pro-6000x4", 4, RTX_PRO, 96.0, 11.00),
    official("rtx-pro-6000x8", 8, RTX_PRO, 96.0, 22.00),
];

/// The machine of that name.
#[must_use]
pub fn flavor(name: &str) -> Option<&'static Flavor> {
    FLAVORS.iter().find(|flavor| flavor.name == name)
}

/// A row of the guide: which machines are for models of a size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuideRow {
    /// As the guide says it.
    pub shown: &'static str,
    /// Models below this many parameters, 10⁹.
    below_billions: f64,
    /// Machines, the first that does is taken.
    pub flavors: &'static [&'static str],
    /// The largest batch to begin with.
    pub batch_size: u32,
}

/// The guide's table by size.
pub const GUIDE: [GuideRow; 5] = [
    GuideRow { shown: "below 1 B", below_billions: 1.0, flavors: &["t4-small"], batch_size: 8 },
    GuideRow { shown: "1 to 3 B", below_billions: 3.0, flavors: &["t4-medium", "a10g-small"], batch_size: 4 },
    GuideRow {
        shown: "3 to 7 B",
        below_billions: 7.0,
        flavors: &["a10g-large", "a100-large"],
        batch_size: 8,
    },
    GuideRow {
        shown: "7 to 13 B",
        below_billions: 13.0,
        flavors: &["a10g-large", "a100-large"],
        batch_size: 4,
    },
    GuideRow {
        shown: "above 13 B",
        below_billions: f64::INFINITY,
        flavors: &["a100-large", "rtx-pro-6000", "h200"],
        batch_size: 4,
    },
];

/// The row for a model of so many parameters. A model named `3B` or `7B` stands in the row that begins there only
/// when it has more than that.
#[must_use]
pub fn guide_row(parameters: u64) -> &'static GuideRow {
    let billions = parameters as f64 / 1e9;
    let fits = |row: &&GuideRow| {
        billions < row.below_billions || (row.below_billions > 1.0 && billions <= row.below_billions)
    };
    GUIDE.iter().find(fits).unwrap_or(&GUIDE[4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_have_their_prices_to_the_cent() {
        let guide = [
            ("t4-small", 0.75, 2.0),
            ("t4-medium", 1.50, 1.5),
            ("l4x1", 2.50, 1.2),
            ("a10g-small", 3.50, 1.3),
            ("a10g-large", 5.00, 1.0),
            ("a10g-largex2", 10.00, 0.6),
            ("a10g-largex4", 20.00, 0.4),
            ("a100-large", 10.00, 0.7),
        ];
        for (name, usd, factor) in guide {
            let flavor = flavor(name).expect("known");
            assert_eq!(flavor.usd_per_hour(PriceTable::Guide), Some(usd), "{name}");
            assert_eq!(flavor.guide_factor(), factor, "{name}");
        }
        assert_eq!(FLAVORS.iter().filter(|flavor| flavor.is_in_guide()).count(), guide.len());
        for (name, usd) in [("t4-small", 0.40), ("l4x4", 3.80), ("a100-large", 2.50), ("h200x8", 40.0)] {
            assert_eq!(flavor(name).and_then(|flavor| flavor.usd_per_hour(PriceTable::Official)), Some(usd));
        }
        assert!(flavor("t5-small").is_none());
    }

    #[test]
    fn a_gpu_is_known_by_its_memory_and_power() {
        // As their drivers tell them: GiB, watts.
        for (gib, watts, kind) in [
            (15.0, 70.0, "T4"),
            (22.49, 72.0, "L4"),
            (22.3, 300.0, "A10G"),
            (44.99, 350.0, "L40S"),
            (80.0, 400.0, "A100"),
            (80.0, 300.0, "A100"),
            (140.4, 700.0, "H200"),
            (95.6, 600.0, "RTX PRO 6000"),
        ] {
            let run = FinishedRun {
                run: "r".into(),
                devices: 1,
                device_memory_gib: Some(gib),
                device_watts: Some(watts),
                parameters: 1,
                rows_seen: Some(1.0),
                tokens_seen: None,
                generations: None,
                seconds: 1.0,
            };
            for flavor in FLAVORS {
                let expected = flavor.accelerator.name == kind && flavor.devices == 1;
                assert_eq!(flavor.is_machine_of(&run), expected, "{kind} on {}", flavor.name);
            }
            let silent = FinishedRun { device_watts: None, ..run.clone() };
            let alike = ["L4", "A10G"].contains(&kind);
            let own = FLAVORS.iter().find(|flavor| flavor.accelerator.name == kind).expect("listed");
            assert_eq!(own.is_machine_of(&silent), !alike, "{kind} by its memory alone");
            assert!(!own.is_machine_of(&FinishedRun { device_memory_gib: None, ..run }), "nothing was seen");
        }
    }

    #[test]
    fn names_stand_once() {
        for (position, flavor) in FLAVORS.iter().enumerate() {
            assert!(FLAVORS[..position].iter().all(|other| other.name != flavor.name), "{}", flavor.name);
        }
    }

    #[test]
    fn only_turing_trains_in_fp16() {
        for flavor in FLAVORS {
            let expected = match flavor.accelerator.name {
                "CPU" => Precision::Fp32,
                "T4" => Precision::Fp16,
                _ => Precision::Bf16,
            };
            assert_eq!(flavor.accelerator.precision, expected, "{}", flavor.name);
        }
    }

    #[test]
    fn the_guides_rows_meet_where_it_says() {
        let shown = |billions: f64| guide_row((billions * 1e9) as u64).shown;
        assert_eq!([0.1, 0.6, 0.99].map(shown), ["below 1 B"; 3]);
        assert_eq!([1.0, 1.7, 3.0].map(shown), ["1 to 3 B"; 3]);
        assert_eq!([3.1, 4.0, 7.0].map(shown), ["3 to 7 B"; 3]);
        assert_eq!([7.6, 8.0, 13.0].map(shown), ["7 to 13 B"; 3]);
        assert_eq!([14.8, 33.0, 400.0].map(shown), ["above 13 B"; 3]);
    }
}
