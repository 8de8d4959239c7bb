//! What is known of a model: its parameters and its shape, from `config.json` and the heads of its weight files, else
//! from the size in its name.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::error::PlanError;

/// Names without a size in them.
const WITHOUT_SIZE: &[(&str, f64)] = &[
    ("distilgpt2", 0.082),
    ("gpt2", 0.124),
    ("gpt2-medium", 0.355),
    ("gpt2-large", 0.774),
    ("gpt2-xl", 1.558),
    ("phi-2", 2.78),
    ("mistral-nemo-instruct-2407", 12.2),
];

/// Shapes of usual models: parameters in 10⁹, layers, hidden size, intermediate size, size of keys and values.
const SHAPES: &[(f64, u64, u64, u64, u64)] = &[
    (0.05, 8, 384, 1_024, 128),
    (0.135, 30, 576, 1_536, 192),
    (0.36, 32, 960, 2_560, 320),
    (0.6, 28, 1_024, 3_072, 1_024),
    (1.5, 28, 1_536, 8_960, 256),
    (3.0, 36, 2_048, 11_008, 256),
    (4.0, 36, 2_560, 9_728, 1_024),
    (7.0, 32, 4_096, 11_008, 4_096),
    (13.0, 40, 5_120, 13_824, 5_120),
    (33.0, 60, 6_656, 17_920, 6_656),
    (70.0, 80, 8_192, 28_672, 1_024),
    (180.0, 88, 12_288, 28_672, 1_024),
    (405.0, 126, 16_384, 53_248, 1_024),
];

/// Tokens that a family knows, by a word of its names; the first that is found counts.
const VOCABULARIES: &[(&str, u64)] = &[
    ("smollm2", 49_152),
    ("llama-3", 128_256),
    ("gemma", 262_144),
    ("gpt2", 50_257),
    ("llama", 32_000),
    ("mistral", 32_768),
];

/// Where the family is not known: that of Qwen, a large one; the models of 33 B are of a time of smaller ones.
const USUAL_VOCABULARY: u64 = 151_936;
const VOCABULARY_OF_33B: u64 = 32_000;

/// Beyond these a config is damaged or made up; below them no product of two or three of them overflows.
const WIDEST: u64 = 1 << 18;
const DEEPEST: u64 = 1 << 11;
const MOST_HEADS: u64 = 1 << 12;
const MOST_EXPERTS: u64 = 1 << 12;
const LARGEST_VOCABULARY: u64 = 1 << 26;

/// How the layers of a model are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Layers.
    pub layers: u64,
    /// Width of the residual stream.
    pub hidden: u64,
    /// Width inside the feed-forward part.
    pub intermediate: u64,
    /// Width of all queries together.
    pub queries: u64,
    /// Width of all keys together.
    pub keys: u64,
    /// Tokens it knows.
    pub vocabulary: u64,
    /// Whether input and output share their embedding.
    pub tied: bool,
}

/// What is known of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFacts {
    /// Its name or path.
    pub name: String,
    /// Its parameters.
    pub parameters: u64,
    /// Where that number comes from.
    pub parameters_source: String,
    /// Its shape.
    pub shape: Shape,
    /// Where the shape comes from.
    pub shape_source: String,
}

impl ModelFacts {
    /// Of a model with so many parameters and the shape that is usual for them.
    #[must_use]
    pub fn of_parameters(name: &str, parameters: u64, source: &str) -> Self {
        let billions = parameters as f64 / 1e9;
        // Nearest by ratio: 3 is as far from 1.5 as from 6.
        let distance = |size: f64| (size / billions.max(1e-6)).ln().abs();
        let nearest = SHAPES.iter().min_by(|left, right| distance(left.0).total_cmp(&distance(right.0)));
        let &(size, layers, hidden, intermediate, keys) = nearest.unwrap_or(&SHAPES[0]);
        let lower = name.to_lowercase();
        let family = VOCABULARIES.iter().find(|(word, _)| lower.contains(word));
        let usual = if hidden == 6_656 { VOCABULARY_OF_33B } else { USUAL_VOCABULARY };
        Self {
            name: name.to_owned(),
            parameters,
            parameters_source: source.to_owned(),
            shape: Shape {
                layers,
                hidden,
                intermediate,
                queries: hidden.max(keys),
                keys,
                vocabulary: family.map_or(usual, |(_, tokens)| *tokens),
                tied: billions < 4.0,
            },
            shape_source: format!("usual for a model of about {size} B parameters"),
        }
    }

    /// From its name alone.
    ///
    /// # Errors
    /// When the name says no size.
    pub fn of_name(name: &str) -> Result<Self, PlanError> {
        let last = name.rsplit('/').next().unwrap_or(name);
        let known = WITHOUT_SIZE.iter().find(|(known, _)| last.eq_ignore_ascii_case(known));
        let billions = known.map(|(_, billions)| *billions).or_else(|| size_in_name(last));
        let billions = billions.ok_or_else(|| PlanError::UnknownModel { model: name.to_owned() })?;
        Ok(Self::of_parameters(name, parameters_of(billions), "size in the name"))
    }

    /// From its `config.json`, and the parameters that its weight files hold where these were read.
    ///
    /// # Errors
    /// When the config lacks what makes up the shape.
    pub fn of_config(name: &str, config: &Value, in_files: Option<u64>) -> Result<Self, PlanError> {
        // Models that also see keep the part that writes in a config of its own.
        let inner = config.get("text_config").filter(|inner| inner.is_object()).unwrap_or(config);
        // One that is there and is no number, or one beyond all models, would make every figure after it wrong.
        let number = |keys: &[&'static str], most: u64| {
            let found = keys.iter().find_map(|key| Some((*key, inner.get(*key).filter(|of| !of.is_null())?)));
            let Some((key, value)) = found else { return Ok(None) };
            let sound = value.as_u64().filter(|number| (1..=most).contains(number));
            sound.map(Some).ok_or_else(|| PlanError::OddConfig { model: name.to_owned(), key })
        };
        let needed = |keys: &[&'static str], most: u64| {
            let key = keys.first().copied().unwrap_or_default();
            number(keys, most)?.ok_or_else(|| PlanError::OddConfig { model: name.to_owned(), key })
        };
        let hidden = needed(&["hidden_size", "n_embd", "d_model"], WIDEST)?;
        let layers = needed(&["num_hidden_layers", "n_layer", "num_layers"], DEEPEST)?;
        let vocabulary = needed(&["vocab_size"], LARGEST_VOCABULARY)?;
        let heads = number(&["num_attention_heads", "n_head"], MOST_HEADS)?.unwrap_or(1);
        let head = number(&["head_dim"], MOST_HEADS)?.unwrap_or(hidden / heads);
        let key_heads = number(&["num_key_value_heads"], MOST_HEADS)?.unwrap_or(heads);
        let intermediate =
            number(&["intermediate_size", "n_inner", "ffn_dim"], WIDEST)?.unwrap_or(4 * hidden);
        let experts = number(&["num_experts", "num_local_experts", "n_routed_experts"], MOST_EXPERTS)?;
        let expert = number(&["moe_intermediate_size"], WIDEST)?.unwrap_or(intermediate);
        // GPT-2's config does not say it, and it is; Llama's does not say it, and it is not.
        let is_gpt2 = inner.get("model_type").and_then(Value::as_str) == Some("gpt2");
        let tied = inner.get("tie_word_embeddings").or_else(|| config.get("tie_word_embeddings"));
        let tied = tied.and_then(Value::as_bool).unwrap_or(is_gpt2);
        let shape = Shape {
            layers,
            hidden,
            intermediate,
            queries: heads * head,
            keys: key_heads * head,
            vocabulary,
            tied,
        };
        let (parameters, source) = match in_files {
            Some(parameters) => (parameters, "heads of the safetensors files"),
            None => (shape.parameters_with(experts.unwrap_or(0), expert), "shape in `config.json`"),
        };
        Ok(Self {
            name: name.to_owned(),
            parameters,
            parameters_source: source.to_owned(),
            shape,
            shape_source: "`config.json`".to_owned(),
        })
    }
}

impl Shape {
    /// Parameters of a model of this shape with gated feed-forward parts, as Llama's and Qwen's are.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        self.parameters_with(0, 0)
    }

    /// The same where so many experts of a width, and what chooses among them, stand in the place of the feed-forward
    /// part.
    fn parameters_with(&self, experts: u64, width: u64) -> u64 {
        let attention = 2 * self.hidden * self.queries + 2 * self.hidden * self.keys;
        let forward = match experts {
            0 => 3 * self.hidden * self.intermediate,
            _ => experts * (3 * self.hidden * width + self.hidden),
        };
        let layer = attention + forward + 2 * self.hidden;
        let embeddings = if self.tied { 1 } else { 2 } * self.vocabulary * self.hidden;
        self.layers * layer + embeddings + self.hidden
    }
}

/// The number of parameters that so many 10⁹ are.
#[must_use]
pub fn parameters_of(billions: f64) -> u64 {
    (billions * 1e9).round().max(0.0) as u64
}

/// A size such as `0.6B`, `135M` or `7000000000`.
#[must_use]
pub fn parse_size(text: &str) -> Option<f64> {
    let text = text.trim();
    let (digits, unit) = match text.char_indices().find(|(_, letter)| letter.is_ascii_alphabetic()) {
        Some((place, _)) => text.split_at(place),
        None => (text, ""),
    };
    let number: f64 = digits.replace('_', "").trim().parse().ok()?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "m" => 1e-3,
        "t" => 1e3,
        "" => 1e-9,
        _ => return None,
    };
    Some(number * factor).filter(|billions| billions.is_finite() && *billions >= 1e-6)
}

/// The size that a name such as `Qwen3-0.6B`, `SmolLM2-135M` or `Mixtral-8x7B` says, in 10⁹.
fn size_in_name(name: &str) -> Option<f64> {
    let words = name.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.'));
    words.flat_map(|word| [word, word.split('_').next().unwrap_or(word)]).find_map(size_of_word)
}

fn size_of_word(word: &str) -> Option<f64> {
    if !word.starts_with(|letter: char| letter.is_ascii_digit()) || !word.ends_with(['b', 'B', 'm', 'M']) {
        return None;
    }
    let Some((experts, each)) = word.split_once(['x', 'X']) else { return parse_size(word) };
    // Experts share attention and embeddings, about a sixth of each.
    Some(experts.parse::<f64>().ok()? * parse_size(each)? * 0.83).filter(|billions| *billions > 0.0)
}

/// The files of a folder or repository, by their names, that hold a model's weights: those that transformers reads, where
/// others hold the same in another form beside them.
#[must_use]
pub fn weight_files(names: &[String]) -> Vec<&str> {
    let all = || names.iter().map(String::as_str).filter(|name| name.ends_with(".safetensors"));
    let usual: Vec<&str> = all().filter(|name| name.starts_with("model")).collect();
    if usual.is_empty() { all().collect() } else { usual }
}

/// Parameters in the head of a safetensors file: the JSON between its first 8 bytes and its data.
///
/// # Errors
/// When the head is no such JSON.
pub fn parameters_in_head(head: &[u8]) -> Result<u64, PlanError> {
    let Count(total) = serde_json::from_slice(head).map_err(|_| PlanError::OddWeights)?;
    total.ok_or(PlanError::OddWeights)
}

/// Parameters of all tensors of a head, counted as it is read: made into values it would take many times its size.
struct Count(Option<u64>);

/// A tensor of a head.
#[derive(serde::Deserialize)]
struct Tensor {
    shape: Vec<u64>,
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Counting)
    }
}

struct Counting;

impl<'de> Visitor<'de> for Counting {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensors by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut tensors: A) -> Result<Count, A::Error> {
        let mut total = Some(0_u64);
        while let Some(name) = tensors.next_key::<String>()? {
            if name == "__metadata__" {
                tensors.next_value::<IgnoredAny>()?;
                continue;
            }
            let Tensor { shape } = tensors.next_value()?;
            let product = shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size));
            total = total.zip(product).and_then(|(total, product)| total.checked_add(product));
        }
        Ok(Count(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_says_a_size() {
        for (name, billions) in [
            ("Qwen/Qwen3-0.6B", 0.6),
            ("HuggingFaceTB/SmolLM2-135M-Instruct", 0.135),
            ("meta-llama/Llama-3.1-8B", 8.0),
            ("meta-llama/Llama-2-7b-hf", 7.0),
            ("Qwen/Qwen3-30B-A3B", 30.0),
            ("mistralai/Mixtral-8x7B-v0.1", 46.48),
            ("openai-community/gpt2", 0.124),
            ("Qwen2.5-1.5B-Instruct", 1.5),
        ] {
            let facts = ModelFacts::of_name(name).expect(name);
            assert_eq!(facts.parameters, parameters_of(billions), "{name}");
        }
        for name in ["someone/my-model", "bert", "gemma-3n-E2B-it", "3body/nameless", "v2"] {
            let error = ModelFacts::of_name(name).expect_err(name);
            assert!(error.to_string().contains(name) && error.hint().contains("--params"), "{error}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("0.6B"), Some(0.6));
        assert_eq!(parse_size("135m"), Some(0.135));
        assert_eq!(parse_size("7000000000"), Some(7.0));
        assert_eq!(parse_size("1T"), Some(1_000.0));
        for odd in ["", "B", "-1B", "0", "7 G", "NaNB", "infB"] {
            assert_eq!(parse_size(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_config_gives_the_exact_parameters_of_its_family() {
        let qwen = json!({
            "hidden_size": 1024, "num_hidden_layers": 28, "vocab_size": 151_936, "num_attention_heads": 16,
            "head_dim": 128, "num_key_value_heads": 8, "intermediate_size": 3072, "tie_word_embeddings": true,
        });
        let facts = ModelFacts::of_config("qwen", &qwen, None).expect("complete");
        // The published model has 596,049,920: with the norms of queries and keys, 2 · 128 a layer.
        assert_eq!(facts.parameters, 596_049_920 - 28 * 2 * 128);
        let llama = json!({
            "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 32_000, "num_attention_heads": 32,
            "intermediate_size": 11_008,
        });
        let facts = ModelFacts::of_config("llama", &llama, None).expect("complete");
        assert_eq!(facts.parameters, 6_738_415_616);
        let counted = ModelFacts::of_config("llama", &llama, Some(5)).expect("complete");
        assert_eq!((counted.parameters, counted.shape), (5, facts.shape));
        let seeing = json!({"model_type": "sees", "text_config": llama});
        assert_eq!(ModelFacts::of_config("llama", &seeing, None).expect("complete").shape, facts.shape);
        let error = ModelFacts::of_config("odd", &json!({"hidden_size": 8}), None).expect_err("incomplete");
        assert!(error.to_string().contains("`num_hidden_layers`"), "{error}");
    }

    #[test]
    fn a_config_of_impossible_numbers_is_refused() {
        let sound =
            json!({"hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 100, "num_attention_heads": 4});
        assert!(ModelFacts::of_config("m", &sound, None).is_ok());
        for (key, value) in [
            ("hidden_size", json!(u64::MAX)),
            ("num_hidden_layers", json!(1_u64 << 40)),
            ("vocab_size", json!(1_u64 << 62)),
            ("head_dim", json!(u64::MAX)),
            ("num_attention_heads", json!(u64::MAX)),
            ("num_key_value_heads", json!(1_u64 << 60)),
            ("intermediate_size", json!(u64::MAX)),
            ("num_experts", json!(u64::MAX)),
            ("hidden_size", json!("64")),
        ] {
            let mut odd = sound.clone();
            odd[key] = value;
            let error = ModelFacts::of_config("m", &odd, None).expect_err(key);
            assert!(error.to_string().contains(key), "{error}");
        }
        assert!(ModelFacts::of_config("m", &json!([]), None).is_err());
        assert!(ModelFacts::of_name("").is_err() && ModelFacts::of_name("0x7B").is_err());
    }

    #[test]
    fn experts_are_parameters_too() {
        let mixtral = json!({
            "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 32_000, "num_attention_heads": 32,
            "num_key_value_heads": 8, "intermediate_size": 14_336, "num_local_experts": 8,
        });
        let facts = ModelFacts::of_config("mixtral", &mixtral, None).expect("complete");
        // The published model has 46,702,792,704.
        assert_eq!(facts.parameters, 46_702_792_704);
        let qwen = json!({
            "hidden_size": 2048, "num_hidden_layers": 48, "vocab_size": 151_936, "num_attention_heads": 32,
            "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768,
            "num_experts": 128, "tie_word_embeddings": false,
        });
        let facts = ModelFacts::of_config("qwen3-30b-a3b", &qwen, None).expect("complete");
        // The published model has 30,532,122,624: with the norms of queries and keys, 2 · 128 a layer.
        assert_eq!(facts.parameters, 30_532_122_624 - 48 * 2 * 128);
    }

    #[test]
    fn a_head_counts_its_tensors() {
        let head = json!({
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48]},
            "b": {"dtype": "F32", "shape": [], "data_offsets": [48, 52]},
        });
        let parameters_in_head = |head: &Value| parameters_in_head(head.to_string().as_bytes());
        assert_eq!(parameters_in_head(&head).expect("sound"), 13);
        assert!(parameters_in_head(&json!([1])).is_err());
        assert!(parameters_in_head(&json!({"a": {}})).is_err());
        assert!(parameters_in_head(&json!({"a": {"shape": [u64::MAX, 2]}})).is_err());
        let half = json!({"shape": [u64::MAX]});
        assert!(parameters_in_head(&json!({"a": half, "b": half})).is_err(), "the sum is too large");
    }
}
