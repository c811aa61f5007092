//! What PEFT writes beside its tensors: `adapter_config.json`, or the same in the metadata of a file of diffusers
//! (`lora_adapter_metadata`, with the network's name before each key).

use std::{collections::BTreeMap, path::Path};

use serde_json::Value as Json;

use super::keys::NETWORKS;
use crate::{JsonPlace, WeightFile, WeightsError, folder::read_json};

/// Terms of the series when the config does not say (`OFTConfig`).
const SERIES: usize = 5;

/// The settings of an adapter made with PEFT; empty for others.
#[derive(Debug, Default)]
pub(super) struct PeftSettings {
    /// Of each network; under the empty name of the only one.
    networks: BTreeMap<&'static str, Json>,
}

impl PeftSettings {
    /// Of a file: in its metadata, or in the config beside it.
    pub(super) fn of(file: &WeightFile) -> Result<Self, WeightsError> {
        if let Some(text) = file.metadata("lora_adapter_metadata").as_ref().and_then(|value| value.as_text()) {
            let place = JsonPlace::Key("lora_adapter_metadata".to_owned());
            let whole: BTreeMap<String, Json> = serde_json::from_str(text).map_err(|source| WeightsError::Json {
                path: file.path().to_owned(),
                place,
                source,
            })?;
            let of_network = |network: &'static str| {
                let keys = whole.iter().filter_map(|(key, value)| {
                    let key = key.strip_prefix(network)?.strip_prefix('.')?;
                    Some((key.to_owned(), value.clone()))
                });
                (network, Json::Object(keys.collect()))
            };
            return Ok(Self { networks: NETWORKS.into_iter().map(of_network).collect() });
        }
        let is_peft = file.path().file_name().is_some_and(|name| name == "adapter_model.safetensors");
        let beside = file.path().with_file_name("adapter_config.json");
        if is_peft && beside.is_file() {
            return Ok(Self { networks: BTreeMap::from([("", read_json(Path::new(&beside))?)]) });
        }
        Ok(Self::default())
    }

    fn of_network(&self, network: &str) -> Option<&Json> {
        self.networks.get(network).or_else(|| self.networks.get(""))
    }

    /// What the change of a layer is multiplied by; nothing where no config says.
    pub(super) fn scale(&self, network: &str, layer: &str, rank: usize) -> Option<f32> {
        let config = self.of_network(network)?;
        let of_pattern = |pattern: &str| {
            let patterns = config.get(pattern)?.as_object()?;
            let matches = |key: &str| layer == key || layer.strip_suffix(key).is_some_and(|rest| rest.ends_with('.'));
            patterns.iter().find(|(key, _)| matches(key)).and_then(|(_, value)| value.as_f64())
        };
        let number = |key: &str| config.get(key).and_then(Json::as_f64);
        let alpha = of_pattern("alpha_pattern").or_else(|| number("lora_alpha")).or_else(|| number("alpha"))?;
        let rank = of_pattern("rank_pattern").or_else(|| number("r")).unwrap_or(rank as f64).max(1.0);
        let rooted = config.get("use_rslora").and_then(Json::as_bool).unwrap_or(false);
        Some((alpha / if rooted { rank.sqrt() } else { rank }) as f32)
    }

    /// OFT: terms of the series that stands for the rotation; nothing where it is calculated exactly.
    pub(super) fn series(&self, network: &str) -> Option<usize> {
        let config = self.of_network(network);
        let is_series = config.and_then(|config| config.get("use_cayley_neumann")?.as_bool()).unwrap_or(true);
        let terms = config.and_then(|config| config.get("num_cayley_neumann_terms")?.as_u64());
        is_series.then_some(terms.map_or(SERIES, |terms| terms.clamp(1, 64) as usize))
    }
}
