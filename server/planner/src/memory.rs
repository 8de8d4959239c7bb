//! How much memory a training takes on each device, part by part.
//!
//! A model of what PyTorch keeps, not a measurement: weights, gradients, what the optimiser remembers, activations,
//! logits. Its constants stand in the sources of the parts.

use paceline_schema::plan::{Adaptation, Figure, Method, Precision};

use crate::model::{ModelFacts, Shape};

/// Share of a device's memory that a plan may fill; the rest is lost between blocks of the allocator.
pub const USABLE: f64 = 0.95;

/// Bits of a weight in NF4: 4, and for each block of 64 a constant that is itself in 8 bits for blocks of 256.
pub const NF4_BITS: f64 = 4.0 + 8.0 / 64.0 + 32.0 / (64.0 * 256.0);

/// What the driver and the libraries take before anything is loaded.
const CONTEXT_GB: f64 = 0.8;

/// How the trained weights are kept and moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Bytes of a weight that stays as it is or is trained in full.
    pub weight_bytes: f64,
    /// Bytes of a gradient.
    pub gradient_bytes: f64,
    /// Bytes the optimiser remembers of each trained weight.
    pub optimizer_bytes: f64,
    /// Name of the optimiser in transformers.
    pub optimizer: &'static str,
}

/// Every weight in 32 bits, both moments in 32 bits.
const FULL: Recipe =
    Recipe { weight_bytes: 4.0, gradient_bytes: 4.0, optimizer_bytes: 8.0, optimizer: "adamw_torch" };
/// Moments in 8 bits.
const FULL_8BIT: Recipe =
    Recipe { weight_bytes: 4.0, gradient_bytes: 4.0, optimizer_bytes: 2.0, optimizer: "paged_adamw_8bit" };
/// Weights in bfloat16 too.
const FULL_BF16: Recipe =
    Recipe { weight_bytes: 2.0, gradient_bytes: 2.0, optimizer_bytes: 2.0, optimizer: "paged_adamw_8bit" };
/// Frozen weights in 16 bits, adapters in 32.
const ADAPTERS: Recipe =
    Recipe { weight_bytes: 2.0, gradient_bytes: 4.0, optimizer_bytes: 8.0, optimizer: "adamw_torch" };
const ADAPTERS_32: Recipe = Recipe { weight_bytes: 4.0, ..ADAPTERS };
const ADAPTERS_4BIT: Recipe =
    Recipe { weight_bytes: NF4_BITS / 8.0, optimizer: "paged_adamw_8bit", optimizer_bytes: 2.0, ..ADAPTERS };

/// Ways to keep the weights, the one that loses least first.
#[must_use]
pub fn recipes(adaptation: Adaptation, precision: Precision) -> &'static [Recipe] {
    match (adaptation, precision) {
        (Adaptation::Full, Precision::Bf16) => &[FULL, FULL_8BIT, FULL_BF16],
        // The scaler of a float16 training needs weights in 32 bits.
        (Adaptation::Full, Precision::Fp16) => &[FULL, FULL_8BIT],
        (Adaptation::Full, Precision::Fp32) => &[FULL],
        (Adaptation::Lora, Precision::Bf16 | Precision::Fp16) => &[ADAPTERS],
        (Adaptation::Lora, Precision::Fp32) => &[ADAPTERS_32],
        (Adaptation::Qlora, Precision::Bf16 | Precision::Fp16) => &[ADAPTERS_4BIT],
        // The kernels for 4 bits are those of a GPU.
        (Adaptation::Qlora, Precision::Fp32) => &[],
    }
}

/// What a training does at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// The way.
    pub method: Method,
    /// Which weights change.
    pub adaptation: Adaptation,
    /// Numbers it computes in.
    pub precision: Precision,
    /// How the weights are kept.
    pub recipe: Recipe,
    /// Parameters of the adapters.
    pub adapter_parameters: u64,
    /// Rows a device takes at once.
    pub batch_size: u32,
    /// Longest row, in tokens.
    pub max_length: u32,
    /// Whether activations are computed twice rather than kept.
    pub gradient_checkpointing: bool,
}

/// Bytes of so many weights in 4 bits with double quantisation.
#[must_use]
pub fn four_bit_bytes(parameters: u64) -> f64 {
    parameters as f64 * NF4_BITS / 8.0
}

/// The parts of the memory that a device needs, 10⁹ bytes each.
#[must_use]
pub fn parts(model: &ModelFacts, load: &Load) -> Vec<Figure> {
    let Load { adaptation, recipe, precision, .. } = *load;
    let parameters = model.parameters as f64;
    let trained = if adaptation == Adaptation::Full { parameters } else { load.adapter_parameters as f64 };
    let mut parts = vec![weights(model, load)];
    if adaptation != Adaptation::Full {
        parts.push(part("adapters", trained * 4.0, "4 bytes a trained parameter"));
    } else if recipe.weight_bytes > 2.0 && precision != Precision::Fp32 {
        let source = format!("{} copy of each weight that autocast keeps, 2 bytes", precision.as_str());
        parts.push(part("copies of the weights", parameters * 2.0, &source));
    }
    let source = format!("{} bytes a trained parameter", recipe.gradient_bytes);
    parts.push(part("gradients", trained * recipe.gradient_bytes, &source));
    let source = format!("{} bytes a trained parameter, {}", recipe.optimizer_bytes, recipe.optimizer);
    parts.push(part("optimiser", trained * recipe.optimizer_bytes, &source));
    if let Some(other) = other_model(model, load) {
        parts.push(other);
    }
    parts.push(activations(&model.shape, load));
    parts.push(logits(&model.shape, load));
    if load.precision != Precision::Fp32 {
        parts.push(part("driver and libraries", CONTEXT_GB * 1e9, "usual for CUDA and PyTorch"));
    }
    parts
}

/// The sum of parts.
#[must_use]
pub fn total_gb(parts: &[Figure]) -> f64 {
    parts.iter().map(|part| part.value).sum()
}

fn part(name: &str, bytes: f64, source: &str) -> Figure {
    Figure { name: name.to_owned(), value: bytes / 1e9, unit: "GB".to_owned(), source: source.to_owned() }
}

fn weights(model: &ModelFacts, load: &Load) -> Figure {
    if load.adaptation != Adaptation::Qlora {
        let bytes = load.recipe.weight_bytes;
        return part("weights", model.parameters as f64 * bytes, &format!("{bytes} bytes a parameter"));
    }
    let shape = &model.shape;
    let embeddings = shape.vocabulary * shape.hidden * if shape.tied { 1 } else { 2 };
    let embeddings = embeddings.min(model.parameters);
    let bytes = four_bit_bytes(model.parameters - embeddings) + embeddings as f64 * 2.0;
    let source = format!("NF4 with double quantisation, {NF4_BITS:.3} bits a parameter; embeddings 2 bytes");
    part("weights", bytes, &source)
}

/// The model that answers are compared with, where there is one beside the trained one.
fn other_model(model: &ModelFacts, load: &Load) -> Option<Figure> {
    let parameters = model.parameters as f64;
    match load.method {
        // With adapters, the model without them is the reference.
        Method::Dpo | Method::Kto if load.adaptation == Adaptation::Full => {
            let bytes = load.recipe.weight_bytes;
            Some(part("reference model", parameters * bytes, &format!("{bytes} bytes a parameter")))
        }
        Method::Distillation => {
            let source = "a teacher as large as the model, 2 bytes a parameter";
            Some(part("teacher", parameters * 2.0, source))
        }
        Method::Sft | Method::Dpo | Method::Grpo | Method::Kto | Method::Reward | Method::Rloo => None,
    }
}

/// Tokens that are in flight at once.
fn tokens(load: &Load) -> f64 {
    let sequences = match load.method {
        // Both answers of a pair go through together.
        Method::Dpo | Method::Reward => 2.0,
        Method::Sft | Method::Grpo | Method::Kto | Method::Rloo | Method::Distillation => 1.0,
    };
    sequences * f64::from(load.batch_size) * f64::from(load.max_length)
}

fn activations(shape: &Shape, load: &Load) -> Figure {
    let bytes = if load.precision == Precision::Fp32 { 4.0 } else { 2.0 };
    // Norms, residuals, queries, keys, values, attention, both sides of the gated part: about what one layer keeps
    // for each token to go back through it. Attention itself keeps no square matrix in PyTorch's kernels.
    let layer = 8 * shape.hidden + 3 * shape.queries + 3 * shape.keys + 4 * shape.intermediate;
    let layer = tokens(load) * layer as f64 * bytes;
    let layers = shape.layers as f64;
    if load.gradient_checkpointing {
        let kept = tokens(load) * layers * shape.hidden as f64 * bytes;
        part("activations", kept + layer, "the input of each layer, and all of one layer")
    } else {
        part("activations", layer * layers, "all of every layer")
    }
}

fn logits(shape: &Shape, load: &Load) -> Figure {
    if load.method == Method::Reward {
        return part("logits", 0.0, "a reward model gives one number");
    }
    // In the precision of the model, in 32 bits for the loss, and its gradient.
    let bytes = if load.precision == Precision::Fp32 { 8.0 } else { 10.0 };
    let source = format!("{bytes} bytes for each token of the vocabulary at each position");
    part("logits", tokens(load) * shape.vocabulary as f64 * bytes, &source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::{ALL_LINEAR, trainable_parameters};
    use crate::model::parameters_of;
    use proptest::prelude::*;

    fn load(model: &ModelFacts, adaptation: Adaptation, precision: Precision) -> Load {
        Load {
            method: Method::Sft,
            adaptation,
            precision,
            recipe: recipes(adaptation, precision)[0],
            adapter_parameters: trainable_parameters(&model.shape, 16, &ALL_LINEAR),
            batch_size: 1,
            max_length: 1_024,
            gradient_checkpointing: true,
        }
    }

    fn of(billions: f64) -> ModelFacts {
        ModelFacts::of_parameters("m", parameters_of(billions), "given")
    }

    #[test]
    fn a_33b_in_4_bits_leaves_room_in_24_gb() {
        assert!((four_bit_bytes(33_000_000_000) / 1e9 - 17.0).abs() < 0.05);
        assert!((NF4_BITS - 4.127).abs() < 1e-3);
        let model = of(33.0);
        let needed = total_gb(&parts(&model, &load(&model, Adaptation::Qlora, Precision::Bf16)));
        assert!((18.0..24.0 * USABLE).contains(&needed), "{needed}");
        let needed = total_gb(&parts(&model, &load(&model, Adaptation::Lora, Precision::Bf16)));
        assert!((66.0..80.0 * USABLE).contains(&needed), "{needed}");
    }

    #[test]
    fn full_training_keeps_16_bytes_a_parameter_and_a_copy() {
        let model = of(0.6);
        let parts = parts(&model, &load(&model, Adaptation::Full, Precision::Fp16));
        let of = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.value);
        assert_eq!((of("weights"), of("gradients"), of("optimiser")), (Some(2.4), Some(2.4), Some(4.8)));
        assert_eq!(of("copies of the weights"), Some(1.2));
        let needed = total_gb(&parts);
        // The guide's rule, 20 bytes a parameter, is 12 GB; logits of a large vocabulary come on top of it.
        assert!((12.0..16.0 * USABLE).contains(&needed), "{needed}");
    }

    #[test]
    fn what_is_kept_grows_with_what_goes_through() {
        let model = of(1.5);
        let base = load(&model, Adaptation::Lora, Precision::Bf16);
        let of = |load: Load| total_gb(&parts(&model, &load));
        assert!(of(Load { batch_size: 2, ..base }) > of(base));
        assert!(of(Load { max_length: 2_048, ..base }) > of(base));
        assert!(of(Load { gradient_checkpointing: false, ..base }) > of(base) + 1.0);
        assert!(of(Load { method: Method::Dpo, ..base }) > of(base), "two answers");
        let full = load(&model, Adaptation::Full, Precision::Bf16);
        let pair = Load { method: Method::Dpo, ..full };
        let has_reference = |load| parts(&model, &load).iter().any(|part| part.name == "reference model");
        assert!(has_reference(pair) && !has_reference(Load { method: Method::Dpo, ..base }));
    }

    #[test]
    fn four_bits_need_a_gpu() {
        assert!(recipes(Adaptation::Qlora, Precision::Fp32).is_empty());
    }

    proptest! {
        #[test]
        fn adapters_take_less_than_all_weights_and_4_bits_less_than_16(billions in 0.3_f64..200.0) {
            let model = of(billions);
            let needed = Adaptation::ALL.map(|adaptation| {
                total_gb(&parts(&model, &load(&model, adaptation, Precision::Bf16)))
            });
            prop_assert!(needed[0] > needed[1] && needed[1] > needed[2], "{needed:?}");
        }
    }
}
