//! Low-rank adapters: which matrices they stand beside and how many parameters that trains.

use crate::model::Shape;

/// The matrices of attention.
pub const ATTENTION: [&str; 4] = ["q_proj", "k_proj", "v_proj", "o_proj"];

/// Every linear matrix of a layer.
pub const ALL_LINEAR: [&str; 7] =
    ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

/// Parameters of adapters of a rank beside the matrices of these names in every layer: rank times the sum of both
/// sides of each.
#[must_use]
pub fn trainable_parameters(shape: &Shape, rank: u64, modules: &[&str]) -> u64 {
    let sides = modules.iter().map(|module| match *module {
        "q_proj" | "o_proj" => shape.hidden + shape.queries,
        "k_proj" | "v_proj" => shape.hidden + shape.keys,
        "gate_proj" | "up_proj" | "down_proj" => shape.hidden + shape.intermediate,
        _ => 0,
    });
    shape.layers * rank * sides.sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LLAMA_7B: Shape = Shape {
        layers: 32,
        hidden: 4_096,
        intermediate: 11_008,
        queries: 4_096,
        keys: 4_096,
        vocabulary: 32_000,
        tied: false,
    };

    #[test]
    fn a_7b_of_rank_8_on_attention_trains_8_388_608() {
        assert_eq!(trainable_parameters(&LLAMA_7B, 8, &ATTENTION), 8_388_608);
        assert_eq!(trainable_parameters(&LLAMA_7B, 8, &["q_proj", "v_proj"]), 4_194_304);
        assert_eq!(trainable_parameters(&LLAMA_7B, 16, &ALL_LINEAR), 39_976_960);
    }

    #[test]
    fn shared_keys_make_smaller_adapters() {
        let qwen = Shape { layers: 28, hidden: 3_584, queries: 3_584, keys: 512, ..LLAMA_7B };
        assert_eq!(trainable_parameters(&qwen, 8, &ATTENTION), 5_046_272);
    }
}
