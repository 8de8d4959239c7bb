//! A plan: the choice, the steps, the time and the cost, with every number and where it comes from.

use paceline_schema::plan::{
    Adaptation, Figure, FinishedRun, LoraPlan, Method, Precision, Price, PriceTable, TrainingPlan,
};
use paceline_schema::plan_request::MOST_ROWS;

use crate::choice::{Choice, GENERATIONS, RANK, Wishes, choose};
use crate::cost::{Estimate, START_SECONDS, Work, estimate, timeout_seconds};
use crate::error::PlanError;
use crate::memory::total_gb;
use crate::model::ModelFacts;
use crate::steps::{Batches, steps};

/// TRL's own longest row.
pub const MAX_LENGTH: u32 = 1_024;
/// TRL's own longest answer.
pub const COMPLETION_TOKENS: u32 = 512;
/// Tokens of a row where no dataset was looked at.
const USUAL_TOKENS: f64 = 512.0;

const MOST_EPOCHS: f64 = 10_000.0;
const LONGEST: u32 = 10_000_000;

/// What is asked of the planner.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The model.
    pub model: ModelFacts,
    /// The way.
    pub method: Method,
    /// Rows of the dataset.
    pub rows: u64,
    /// Times each is seen.
    pub epochs: f64,
    /// Share of the rows that is kept for evaluation.
    pub eval_share: f64,
    /// Longest row, in tokens.
    pub max_length: u32,
    /// Whether short rows share a sequence; of supervised fine-tuning only.
    pub packing: bool,
    /// Tokens of rows of the dataset, as far as it was looked at.
    pub row_tokens: Vec<u32>,
    /// The machine, the weights.
    pub wishes: Wishes<'a>,
    /// Whose prices.
    pub prices: PriceTable,
    /// What machines cost today, where the Hub was asked.
    pub prices_now: Vec<PriceNow>,
    /// Finished runs of the project.
    pub finished: Vec<FinishedRun>,
}

/// What a machine costs today.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceNow {
    /// The machine.
    pub flavor: String,
    /// Price of an hour, dollars.
    pub usd_per_hour: f64,
}

/// Makes a plan.
///
/// # Errors
/// When it fits on no machine, or there is nothing to train on.
pub fn plan(request: &Request<'_>) -> Result<TrainingPlan, PlanError> {
    let eval_rows = eval_rows(request)?;
    let train_rows = request.rows - eval_rows;
    let choice = choose(&request.model, request.method, request.max_length, request.wishes)?;
    let generations = request.method.generates().then_some(match request.method {
        Method::Distillation => 1,
        Method::Sft | Method::Dpo | Method::Grpo | Method::Kto | Method::Reward | Method::Rloo => GENERATIONS,
    });
    let batches = Batches {
        batch_size: choice.load.batch_size,
        accumulation: choice.accumulation,
        devices: choice.flavor.devices,
        generations,
    };
    let packing = request.packing && request.method == Method::Sft;
    let (sequences, tokens) = sequences(request, packing, train_rows);
    let steps = steps(sequences, request.epochs, &batches);
    // Rows of a sequence share its tokens.
    let tokens_per_row = tokens * sequences as f64 / train_rows as f64;
    let estimate = estimate(&work(request, &choice, train_rows, tokens_per_row, &batches), &request.finished);
    let mut plan = assemble(request, choice, &batches, &estimate);
    plan.eval_rows = eval_rows;
    plan.packing = packing;
    plan.steps = steps;
    plan.figures = figures(request, &plan, &estimate, (sequences, tokens));
    Ok(plan)
}

/// Whether a dataset may have so many rows.
///
/// # Errors
/// When it may not.
pub fn check_rows(rows: u64) -> Result<(), PlanError> {
    if rows > MOST_ROWS {
        return Err(PlanError::OutOfRange { name: "rows", value: rows.to_string(), range: "at most 10¹²" });
    }
    Ok(())
}

/// Numbers that no training has would make infinities of the time and the price.
fn check(request: &Request<'_>) -> Result<(), PlanError> {
    check_rows(request.rows)?;
    let odd = |name, value: String, range| Err(PlanError::OutOfRange { name, value, range });
    if request.epochs > MOST_EPOCHS {
        return odd("epochs", request.epochs.to_string(), "at most 10,000");
    }
    if !(1..=LONGEST).contains(&request.max_length) {
        return odd("max_length", request.max_length.to_string(), "from 1 to 10,000,000 tokens");
    }
    if !(0.0..=1.0).contains(&request.eval_share) {
        return odd("eval_share", request.eval_share.to_string(), "a share from 0 to below 1");
    }
    Ok(())
}

fn eval_rows(request: &Request<'_>) -> Result<u64, PlanError> {
    check(request)?;
    let nothing = |what: &str| Err(PlanError::NothingToTrain { what: what.to_owned() });
    if request.rows == 0 {
        return nothing("there are no rows to train on");
    }
    if !(request.epochs.is_finite() && request.epochs > 0.0) {
        return nothing("there are no epochs to train for");
    }
    // As `train_test_split` rounds.
    let eval_rows = (request.rows as f64 * request.eval_share).ceil() as u64;
    if eval_rows >= request.rows {
        return nothing("nothing is left to train on beside the rows for evaluation");
    }
    Ok(eval_rows)
}

/// Sequences that are trained on and tokens of each: rows, or what packing makes of them.
fn sequences(request: &Request<'_>, packing: bool, rows: u64) -> (u64, f64) {
    let longest = f64::from(request.max_length);
    let lengths: Vec<u32> =
        request.row_tokens.iter().map(|tokens| (*tokens).min(request.max_length)).collect();
    if lengths.is_empty() {
        return (rows, USUAL_TOKENS.min(longest));
    }
    let mean = lengths.iter().map(|tokens| f64::from(*tokens)).sum::<f64>() / lengths.len() as f64;
    if !packing {
        return (rows, mean);
    }
    let packed = crate::packing::pack(&lengths, request.max_length).len() as f64;
    let share = packed / lengths.len() as f64;
    let sequences = ((rows as f64 * share).ceil() as u64).max(1);
    (sequences, mean * rows as f64 / sequences as f64)
}

fn work<'a>(
    request: &Request<'_>,
    choice: &'a Choice,
    rows: u64,
    tokens: f64,
    batches: &Batches,
) -> Work<'a> {
    Work {
        method: request.method,
        adaptation: choice.load.adaptation,
        parameters: request.model.parameters,
        rows,
        epochs: request.epochs,
        tokens_per_row: tokens,
        tokens_are_counted: !request.row_tokens.is_empty(),
        generations: batches.generations.unwrap_or(1),
        completion_tokens: COMPLETION_TOKENS,
        batch: batches.effective(),
        flavor: choice.flavor,
    }
}

fn assemble(request: &Request<'_>, choice: Choice, batches: &Batches, estimate: &Estimate) -> TrainingPlan {
    let Choice { flavor, load, memory, accumulation, mut why } = choice;
    let now = request.prices_now.iter().find(|of| of.flavor == flavor.name).map(|of| of.usd_per_hour);
    let price = |table| match table {
        PriceTable::Now => now.map(|usd_per_hour| (table, usd_per_hour)),
        PriceTable::Guide | PriceTable::Official => {
            flavor.usd_per_hour(table).map(|usd_per_hour| (table, usd_per_hour))
        }
    };
    // Today's price is the official one, only newer.
    let official = || price(PriceTable::Now).or_else(|| price(PriceTable::Official));
    let chosen = price(request.prices).filter(|_| request.prices == PriceTable::Guide).or_else(official);
    let (price_table, usd_per_hour) = chosen.unwrap_or((PriceTable::Official, 0.0));
    let usd = |seconds: f64| seconds / 3_600.0 * usd_per_hour;
    let prices = [PriceTable::Guide, PriceTable::Official, PriceTable::Now].into_iter().filter_map(price);
    let prices = prices.map(|(price_table, usd_per_hour)| Price {
        price_table,
        usd_per_hour,
        usd: estimate.seconds / 3_600.0 * usd_per_hour,
    });
    let prices: Vec<Price> = prices.collect();
    why.push(format!("time: {}", estimate.source));
    why.push(format!("cost: ${usd_per_hour:.2} an hour by {}", price_table.as_str()));
    let memory_gb = total_gb(&memory);
    TrainingPlan {
        model: request.model.name.clone(),
        parameters: request.model.parameters,
        method: request.method,
        adaptation: load.adaptation,
        lora: (load.adaptation != Adaptation::Full).then(|| LoraPlan {
            rank: RANK,
            alpha: 2 * RANK,
            target_modules: vec!["all-linear".to_owned()],
            trainable_parameters: load.adapter_parameters,
        }),
        flavor: flavor.name.to_owned(),
        accelerator: flavor.shown(),
        precision: load.precision,
        dtype: dtype(load.precision, load.adaptation, load.recipe.weight_bytes).to_owned(),
        optimizer: load.recipe.optimizer.to_owned(),
        gradient_checkpointing: load.gradient_checkpointing,
        batch_size: load.batch_size,
        gradient_accumulation_steps: accumulation,
        num_generations: batches.generations.filter(|_| request.method != Method::Distillation),
        max_length: request.max_length,
        packing: false,
        memory_gb: rounded(memory_gb, 2),
        device_memory_gb: flavor.memory_gb,
        memory,
        rows: request.rows,
        eval_rows: 0,
        epochs: request.epochs,
        steps: 0,
        seconds: rounded(estimate.seconds, 6),
        seconds_low: rounded(estimate.low, 6),
        seconds_high: rounded(estimate.high, 6),
        seconds_source: estimate.source.clone(),
        usd: rounded(usd(estimate.seconds), 6),
        usd_low: rounded(usd(estimate.low), 6),
        usd_high: rounded(usd(estimate.high), 6),
        price_table,
        prices,
        timeout_seconds: timeout_seconds(estimate),
        why,
        warnings: warnings(request, flavor, &load, price_table),
        figures: Vec::new(),
        dataset: None,
        preflight: None,
        script: None,
    }
}

/// What the weights are loaded in, by PyTorch's name.
fn dtype(precision: Precision, adaptation: Adaptation, weight_bytes: f64) -> &'static str {
    match precision {
        Precision::Fp32 => "float32",
        Precision::Bf16 | Precision::Fp16 if adaptation == Adaptation::Full && weight_bytes > 2.0 => {
            "float32"
        }
        Precision::Bf16 => "bfloat16",
        Precision::Fp16 => "float16",
    }
}

/// What to know before it starts.
fn warnings(
    request: &Request<'_>,
    flavor: &crate::hardware::Flavor,
    load: &crate::memory::Load,
    price_table: PriceTable,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut say = |holds: bool, what: &str| {
        if holds {
            warnings.push(what.to_owned());
        }
    };
    let billions = request.model.parameters as f64 / 1e9;
    say(billions > 7.0, "models above 7 B are beyond the guide's table; try it with few rows first");
    say(flavor.is_cpu(), "a CPU is for trying things out: the guide's formula knows GPUs only");
    say(
        !flavor.is_cpu() && !flavor.is_in_guide(),
        "the guide has no factor for this machine; its formula takes 1, the time may be much shorter or longer",
    );
    say(
        flavor.devices > 1,
        "several GPUs need `accelerate launch`; each holds the whole model, the time is that of the formula",
    );
    say(
        request.prices == PriceTable::Guide && price_table != request.prices,
        "the guide has no price for this machine: it is the official one",
    );
    say(
        load.recipe.weight_bytes <= 2.0 && load.adaptation == Adaptation::Full,
        "weights in bf16 lose small updates; LoRA is the safer way if the loss stays where it is",
    );
    say(
        load.precision == Precision::Fp16 && load.adaptation == Adaptation::Full,
        "fp16 can overflow: a loss of NaN or 0 asks for a GPU with bf16, as l4x1",
    );
    say(request.method == Method::Distillation, "the teacher is taken to be as large as the model");
    say(
        request.prices == PriceTable::Now && price_table != PriceTable::Now,
        "the Hub was not asked for today's prices: they are those of its list of 2026",
    );
    say(
        request.row_tokens.is_empty(),
        "no dataset was looked at: rows are taken to have 512 tokens; `--dataset FILE` counts them",
    );
    warnings
}

fn figures(
    request: &Request<'_>,
    plan: &TrainingPlan,
    estimate: &Estimate,
    (sequences, tokens): (u64, f64),
) -> Vec<Figure> {
    let figure = |name: &str, value: f64, unit: &str, source: &str| Figure {
        name: name.to_owned(),
        value,
        unit: unit.to_owned(),
        source: source.to_owned(),
    };
    let looked =
        if request.row_tokens.is_empty() { "usual" } else { "sampled rows, about 4 letters a token" };
    let billions = request.model.parameters as f64 / 1e9;
    let (rule, of) = if plan.adaptation == Adaptation::Full { (20.0, "20") } else { (4.0, "4") };
    let shape = request.model.shape;
    vec![
        figure("parameters", request.model.parameters as f64, "parameters", &request.model.parameters_source),
        figure("layers", shape.layers as f64, "layers", &request.model.shape_source),
        figure("hidden size", shape.hidden as f64, "numbers", &request.model.shape_source),
        figure("vocabulary", shape.vocabulary as f64, "tokens", &request.model.shape_source),
        figure(
            "memory by the guide",
            billions * rule,
            "GB",
            &format!("its rule: {of} GB for 10⁹ parameters"),
        ),
        figure(
            "sequences",
            sequences as f64,
            "sequences",
            if plan.packing { "packing simulated" } else { "rows" },
        ),
        figure("tokens of a sequence", tokens, "tokens", looked),
        figure(
            "time by operations",
            estimate.by_operations,
            "seconds",
            "operations at 35 % of the GPU's figure",
        ),
        figure(
            "start",
            START_SECONDS,
            "seconds",
            "machine, packages and model; in the upper end of the interval",
        ),
        figure(
            "time-out",
            plan.timeout_seconds as f64,
            "seconds",
            "1.3 × the time, not before the interval ends",
        ),
    ]
}

fn rounded(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(billions: f64) -> Request<'static> {
        Request {
            model: ModelFacts::of_name(&format!("some/model-{billions}B")).expect("a size"),
            method: Method::Sft,
            rows: 2_800,
            epochs: 1.0,
            eval_share: 0.0,
            max_length: MAX_LENGTH,
            packing: false,
            row_tokens: Vec::new(),
            wishes: Wishes::default(),
            prices: PriceTable::Guide,
            prices_now: Vec::new(),
            finished: Vec::new(),
        }
    }

    #[test]
    fn the_example_of_0_6b_on_a_t4_as_a_plan() {
        let plan = plan(&request(0.6)).expect("fits");
        assert_eq!((plan.flavor.as_str(), plan.adaptation), ("t4-small", Adaptation::Full));
        assert_eq!(plan.precision, Precision::Fp16);
        assert_eq!((plan.seconds, plan.usd, plan.steps), (1_209.6, 0.252, 175));
        assert_eq!(plan.price_table.as_str(), "skill-2025-12");
        let official =
            plan.prices.iter().find(|price| price.price_table == PriceTable::Official).expect("both");
        assert!((official.usd - 0.1344).abs() < 1e-9);
        assert!(plan.usd_low < plan.usd && plan.usd < plan.usd_high);
        assert!(plan.memory_gb <= plan.device_memory_gb);
        assert!(plan.lora.is_none());
        assert!(plan.figures.iter().chain(&plan.memory).all(|figure| !figure.source.is_empty()));
    }

    #[test]
    fn rows_for_evaluation_are_not_trained_on() {
        let with = plan(&Request { eval_share: 0.1, ..request(0.6) }).expect("fits");
        assert_eq!((with.eval_rows, with.steps), (280, 158));
        for odd in [
            Request { rows: 0, ..request(0.6) },
            Request { epochs: 0.0, ..request(0.6) },
            Request { epochs: f64::NAN, ..request(0.6) },
            Request { epochs: -1.0, ..request(0.6) },
            Request { eval_share: 1.0, ..request(0.6) },
        ] {
            assert!(matches!(plan(&odd), Err(PlanError::NothingToTrain { .. })));
        }
    }

    #[test]
    fn numbers_beyond_reason_are_refused() {
        for (odd, names) in [
            (Request { rows: u64::MAX, ..request(0.6) }, "rows"),
            (Request { epochs: 1e300, ..request(0.6) }, "epochs"),
            (Request { epochs: f64::INFINITY, ..request(0.6) }, "epochs"),
            (Request { max_length: 0, ..request(0.6) }, "max_length"),
            (Request { max_length: u32::MAX, ..request(0.6) }, "max_length"),
            (Request { eval_share: f64::NAN, ..request(0.6) }, "eval_share"),
            (Request { eval_share: -0.5, ..request(0.6) }, "eval_share"),
        ] {
            let error = plan(&odd).expect_err(names);
            assert!(error.to_string().contains(names), "{error}");
        }
        let most = Request { rows: 1_000_000_000_000, epochs: 1_000.0, ..request(0.6) };
        let most = plan(&most).expect("large, and a plan");
        assert!(most.seconds_high.is_finite() && most.usd_high.is_finite() && most.timeout_seconds > 0);
    }

    #[test]
    fn packing_makes_fewer_steps() {
        let lengths = vec![100_u32; 500];
        let loose = plan(&Request { row_tokens: lengths.clone(), ..request(0.6) }).expect("fits");
        let packed = plan(&Request { row_tokens: lengths, packing: true, ..request(0.6) }).expect("fits");
        // Ten rows of 100 tokens share a sequence of 1,024.
        assert_eq!((loose.steps, packed.steps), (175, 18));
        assert!(packed.packing && !loose.packing);
        let by_operations = |plan: &TrainingPlan| {
            let figure = plan.figures.iter().find(|figure| figure.name == "time by operations");
            figure.expect("a figure").value
        };
        let (loose, packed) = (by_operations(&loose), by_operations(&packed));
        assert!((packed / loose - 1.0).abs() < 1e-9, "as many tokens: {packed} and {loose}");
    }

    #[test]
    fn adapters_are_described() {
        let plan = plan(&request(7.0)).expect("fits");
        let lora = plan.lora.expect("adapters");
        assert_eq!((lora.rank, lora.alpha, lora.trainable_parameters), (16, 32, 39_976_960));
        assert!(plan.why.iter().any(|reason| reason.contains("more than 3 B")));
    }

    #[test]
    fn a_machine_outside_the_guide_has_official_prices() {
        let asked = Wishes { flavor: Some("h200"), adaptation: None };
        let plan = plan(&Request { wishes: asked, ..request(0.6) }).expect("fits");
        assert_eq!((plan.price_table, plan.prices.len()), (PriceTable::Official, 1));
        assert!(plan.warnings.iter().any(|warning| warning.contains("official")));
    }

    #[test]
    fn todays_prices_take_the_place_of_the_list() {
        let now = vec![
            PriceNow { flavor: "h200".to_owned(), usd_per_hour: 9.0 },
            PriceNow { flavor: "t4-small".to_owned(), usd_per_hour: 0.9 },
        ];
        let asked = |prices, prices_now| plan(&Request { prices, prices_now, ..request(0.6) }).expect("fits");
        let guide = asked(PriceTable::Guide, now.clone());
        assert_eq!((guide.price_table, guide.usd, guide.prices.len()), (PriceTable::Guide, 0.252, 3));
        for prices in [PriceTable::Official, PriceTable::Now] {
            let plan = asked(prices, now.clone());
            assert_eq!((plan.price_table, plan.usd), (PriceTable::Now, 0.3024));
            assert!(plan.why.iter().any(|reason| reason.contains("hf-jobs-now")));
        }
        let offline = asked(PriceTable::Now, Vec::new());
        assert_eq!((offline.price_table, offline.usd), (PriceTable::Official, 0.1344));
        assert!(offline.warnings.iter().any(|warning| warning.contains("list of 2026")));
    }
}
