//! A training plan: what is asked of the planner and what it answers, every number with where it comes from.

use serde::{Deserialize, Serialize};

use crate::dataset_report::DatasetReport;
use crate::jobs::JobExpectation;
use crate::preflight::Preflight;

/// A way to train, by the trainer of TRL that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Supervised fine-tuning: imitate given answers.
    Sft,
    /// Direct preference optimisation: prefer the chosen answer of a pair.
    Dpo,
    /// Group-relative policy optimisation: rewards of the model's own answers.
    Grpo,
    /// Answers marked good or bad, without pairs.
    Kto,
    /// A reward model from pairs of answers.
    Reward,
    /// Reinforcement with leave-one-out baselines.
    Rloo,
    /// Learn from a larger model's probabilities.
    Distillation,
}

impl Method {
    /// Every method, those asked for most first.
    pub const ALL: [Self; 7] =
        [Self::Sft, Self::Dpo, Self::Grpo, Self::Kto, Self::Reward, Self::Rloo, Self::Distillation];

    /// Its word in commands and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sft => "sft",
            Self::Dpo => "dpo",
            Self::Grpo => "grpo",
            Self::Kto => "kto",
            Self::Reward => "reward",
            Self::Rloo => "rloo",
            Self::Distillation => "distillation",
        }
    }

    /// Whether the model writes answers of its own while it trains.
    #[must_use]
    pub fn generates(self) -> bool {
        matches!(self, Self::Grpo | Self::Rloo | Self::Distillation)
    }
}

/// Which weights a training changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Adaptation {
    /// All of them.
    Full,
    /// Small matrices beside the frozen ones.
    Lora,
    /// The same, with the frozen ones in 4 bits.
    Qlora,
}

impl Adaptation {
    /// All of them, the most thorough first.
    pub const ALL: [Self; 3] = [Self::Full, Self::Lora, Self::Qlora];

    /// Its word in commands and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Lora => "lora",
            Self::Qlora => "qlora",
        }
    }
}

/// The numbers a training computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bfloat16, from Ampere on.
    Bf16,
    /// float16 with a scaled loss, for older GPUs.
    Fp16,
    /// float32, for the CPU.
    Fp32,
}

impl Precision {
    /// Its word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Fp32 => "fp32",
        }
    }
}

/// Whose prices an estimate uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PriceTable {
    /// Those of the training guide of December 2025: round figures, above the official ones.
    #[serde(rename = "skill-2025-12")]
    Guide,
    /// Those of Hugging Face Jobs, 2026.
    #[serde(rename = "hf-jobs-2026")]
    Official,
    /// Those that the Hub tells when it is asked.
    #[serde(rename = "hf-jobs-now")]
    Now,
}

impl PriceTable {
    /// Its word in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guide => "skill-2025-12",
            Self::Official => "hf-jobs-2026",
            Self::Now => "hf-jobs-now",
        }
    }
}

/// A finished run, as a measure of what its machine does.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    /// Its name.
    pub run: String,
    /// GPUs that took part; 0 where none was seen.
    pub devices: u32,
    /// Memory of one as its driver tells it, GiB.
    pub device_memory_gib: Option<f64>,
    /// Power that one may draw, watts: it tells apart GPUs with as much memory.
    pub device_watts: Option<f64>,
    /// Parameters of its model.
    pub parameters: u64,
    /// Rows of the dataset it saw, each time counted; none where rows shared sequences.
    pub rows_seen: Option<f64>,
    /// Tokens it saw, where it counted them.
    pub tokens_seen: Option<f64>,
    /// Answers to a prompt that its model wrote while it trained; none where it wrote none.
    pub generations: Option<u32>,
    /// Time it took.
    pub seconds: f64,
}

/// The part of a model that adapters stand beside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoraPlan {
    /// Rank of the small matrices.
    pub rank: u32,
    /// Their scale is this divided by the rank.
    pub alpha: u32,
    /// Names of the matrices they stand beside.
    pub target_modules: Vec<String>,
    /// Parameters that are trained.
    pub trainable_parameters: u64,
}

/// A number of a plan and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// In what it is counted.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
}

/// What a training costs by one table of prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Price {
    /// The table.
    pub price_table: PriceTable,
    /// Price of an hour.
    pub usd_per_hour: f64,
    /// Price of the training.
    pub usd: f64,
}

/// A plan of a training: how, on what, how long and for how much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrainingPlan {
    /// The model that is trained.
    pub model: String,
    /// Its parameters.
    pub parameters: u64,
    /// The way.
    pub method: Method,
    /// Which weights change.
    pub adaptation: Adaptation,
    /// The adapters, unless all weights change.
    pub lora: Option<LoraPlan>,
    /// The machine, by its name at Hugging Face Jobs.
    pub flavor: String,
    /// What computes in it.
    pub accelerator: String,
    /// Numbers it computes in.
    pub precision: Precision,
    /// Numbers the weights are loaded in, by PyTorch's name; of those in 4 bits, what they are computed in.
    pub dtype: String,
    /// The optimiser, by its name in transformers.
    pub optimizer: String,
    /// Whether activations are computed twice rather than kept.
    pub gradient_checkpointing: bool,
    /// Rows a device takes at once.
    pub batch_size: u32,
    /// Such batches that make a step.
    pub gradient_accumulation_steps: u32,
    /// Answers to a prompt, where the model writes them itself.
    pub num_generations: Option<u32>,
    /// Longest row, in tokens.
    pub max_length: u32,
    /// Whether short rows share a sequence.
    pub packing: bool,
    /// Memory of a device that is needed, 10⁹ bytes.
    pub memory_gb: f64,
    /// Memory a device has, 10⁹ bytes.
    pub device_memory_gb: f64,
    /// What the memory goes to.
    pub memory: Vec<Figure>,
    /// Rows of the dataset.
    pub rows: u64,
    /// Of these, kept for evaluation.
    pub eval_rows: u64,
    /// Times each row is seen.
    pub epochs: f64,
    /// Steps of the optimiser.
    pub steps: u64,
    /// Time it takes.
    pub seconds: f64,
    /// It hardly takes less.
    pub seconds_low: f64,
    /// It hardly takes more.
    pub seconds_high: f64,
    /// What the time is known from.
    pub seconds_source: String,
    /// What it costs.
    pub usd: f64,
    /// At that least time.
    pub usd_low: f64,
    /// At that most time.
    pub usd_high: f64,
    /// Whose prices these are.
    pub price_table: PriceTable,
    /// The same by every table that knows the machine.
    pub prices: Vec<Price>,
    /// When to stop it: the time with a margin.
    pub timeout_seconds: u64,
    /// Why this way, in sentences.
    pub why: Vec<String>,
    /// What to know before it starts.
    pub warnings: Vec<String>,
    /// The numbers the plan was made from.
    pub figures: Vec<Figure>,
    /// The dataset, where it was looked at.
    pub dataset: Option<DatasetReport>,
    /// What has to hold before it starts, where that was asked for.
    pub preflight: Option<Preflight>,
    /// The training as a Python script for `uv run`, where that was asked for.
    pub script: Option<String>,
}

impl TrainingPlan {
    /// What it says that its job takes; none where nothing has a price.
    #[must_use]
    pub fn expectation(&self) -> Option<JobExpectation> {
        let price = self.prices.iter().find(|price| price.price_table == self.price_table)?;
        Some(JobExpectation {
            seconds: self.seconds,
            usd: self.usd,
            usd_per_hour: price.usd_per_hour,
            flavor: self.flavor.clone(),
        })
    }
}

/// A training that was planned and submitted as a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmittedTraining {
    /// Id of its job.
    pub job_id: String,
    /// Project that its run is logged to.
    pub project: String,
    /// Name of its run.
    pub run: String,
    /// Folder of the trained model, below the one that the job runs in.
    pub output: String,
    /// Its plan.
    pub plan: TrainingPlan,
}
