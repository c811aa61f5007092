//! Adapters against LyCORIS, PEFT and diffusers: see `reference/adapters.py`.

mod common;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, LazyLock},
};

use chatsd_diffusion::testing::{TextEncoder, UNet};
use chatsd_tensor::{Engine, Format, Options, Shape, Tensor, testing::assert_close};
use chatsd_weights::{
    AdapterFile, AdapterSet, Adopted, LayerCache, ModelFiles, Scope, Strength, WeightFile, WeightsError,
};
use common::{channels_last, goldens_folder, safetensors, weight};
use serde_json::Value;

/// Everything of each kind, with the strength it was measured at.
const OF_NETWORK: [(&str, f32); 16] = [
    ("lycoris-locon", 1.0),
    ("lycoris-dora", 1.0),
    ("lycoris-dora-inputs", 1.0),
    ("lycoris-loha", 0.7),
    ("lycoris-lokr", 1.0),
    ("lycoris-oft", 1.0),
    ("lycoris-full", 1.0),
    ("peft-lora", 1.0),
    ("peft-dora", 1.0),
    ("peft-loha", 1.0),
    ("peft-lokr", 1.0),
    ("peft-oft", 1.0),
    ("peft-oft-exact", 1.0),
    ("kohya", 1.0),
    ("diffusers", 1.0),
    ("diffusers-old", 1.0),
];

/// What rounding costs through a network.
const RELATIVE: f32 = 1e-5;

/// The small networks of the goldens.
struct Small {
    outputs: WeightFile,
    unet: Vec<WeightFile>,
    text: Vec<WeightFile>,
}

static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let outputs = WeightFile::open(&goldens_folder().join("adapters/outputs.safetensors")).unwrap();
    let made = |key: &str| {
        let shapes: BTreeMap<String, Vec<usize>> = serde_json::from_value(json(&outputs, key)).unwrap();
        vec![WeightFile::from_static(safetensors(&shapes, |name, shape| weight(name, shape)).leak()).unwrap()]
    };
    Small { unet: made("shapes"), text: made("text.shapes"), outputs }
});

fn json(file: &WeightFile, key: &str) -> Value {
    serde_json::from_str(file.metadata(key).unwrap().as_text().unwrap()).unwrap()
}

fn path(name: &str) -> PathBuf {
    let folder = goldens_folder().join("adapters");
    if name.starts_with("peft") { folder.join(name) } else { folder.join(format!("{name}.safetensors")) }
}

fn adapter(name: &str) -> Arc<AdapterFile> {
    Arc::new(AdapterFile::open(ModelFiles::open(&path(name)).unwrap()).unwrap())
}

fn engine() -> Engine {
    Engine::cpu(Options::default()).unwrap()
}

impl Small {
    /// Networks whose layers are made with these adapters, sharing what they can with another workshop.
    fn workshop(&self, adapters: &[(&str, f32)], share: Option<&LayerCache>) -> (LayerCache, Vec<Adopted>) {
        let adapters =
            adapters.iter().map(|(name, weight)| (adapter(name), Strength { network: *weight, text: *weight }));
        let networks = [("unet", Scope::new(&self.unet)), ("text_encoder", Scope::new(&self.text))];
        let (set, adopted) = AdapterSet::new(adapters.collect(), &networks).unwrap();
        let workshop = LayerCache::new(engine(), set);
        if let Some(other) = share {
            workshop.share(other);
        }
        (workshop, adopted)
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.outputs.get(name).unwrap().values().unwrap()
    }

    fn sample(&self, workshop: &LayerCache, store: Option<Format>) -> Vec<f32> {
        let weights = Scope::new(&self.unet).with_cache(workshop, "unet").stored_as(store);
        let unet = UNet::load(&weights, &json(&self.outputs, "config")).unwrap();
        let engine = engine();
        let z = channels_last(&self.values("in.z"), Shape::new(1, 8, 8, 4));
        let context = unet.context(&engine, &Tensor::new(Shape::sequence(1, 7, 24), self.values("in.states")));
        let time = unet.time(&engine, 437.0, None);
        let sample = unet.forward(&engine, &z, &time, &context);
        // PyTorch's order.
        let at = |index: usize| sample.values()[index % 64 * 4 + index / 64];
        (0..256).map(at).collect()
    }

    fn states(&self, workshop: &LayerCache) -> Vec<f32> {
        let weights = Scope::new(&self.text).with_cache(workshop, "text_encoder");
        let encoder = TextEncoder::load(&weights, &json(&self.outputs, "text.config")).unwrap();
        let tokens: Vec<u32> = self.values("in.tokens").iter().map(|token| *token as u32).collect();
        encoder.encode(&engine(), &tokens, 0, true).states.values().to_vec()
    }
}

#[test]
fn every_kind_changes_the_network_as_the_library_it_comes_from() {
    for (name, strength) in OF_NETWORK {
        let (workshop, adopted) = SMALL.workshop(&[(name, strength)], None);
        assert_eq!(adopted[0].unmatched, [""; 0], "{name}");
        assert_close(name, &SMALL.sample(&workshop, None), &SMALL.values(&format!("out.{name}")), RELATIVE);
    }
    for name in ["kohya", "diffusers", "diffusers-old"] {
        let (workshop, _) = SMALL.workshop(&[(name, 1.0)], None);
        assert_close(name, &SMALL.states(&workshop), &SMALL.values(&format!("out.text.{name}")), RELATIVE);
    }
}

#[test]
fn five_adapters_leave_in_any_order_without_a_trace() {
    let five = ["kohya", "lycoris-loha", "lycoris-oft", "peft-dora", "lycoris-full"];
    let bits =
        |workshop: &LayerCache| -> Vec<u32> { SMALL.sample(workshop, None).into_iter().map(f32::to_bits).collect() };
    let states = |workshop: &LayerCache| -> Vec<u32> { SMALL.states(workshop).into_iter().map(f32::to_bits).collect() };
    let (base, _) = SMALL.workshop(&[], None);
    let (expected, expected_states) = (bits(&base), states(&base));
    assert_close("base", &SMALL.sample(&base, None), &SMALL.values("out.base"), RELATIVE);
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        let mut chosen = Vec::new();
        let (mut workshop, _) = SMALL.workshop(&[], Some(&base));
        for name in five {
            chosen.push((name, 0.8));
            workshop = SMALL.workshop(&chosen, Some(&workshop)).0;
            assert_ne!(bits(&workshop), expected);
            states(&workshop);
        }
        for leaving in order {
            chosen.retain(|(name, _)| *name != five[leaving]);
            workshop = SMALL.workshop(&chosen, Some(&workshop)).0;
            // What is left is the same as if the others had never been there.
            let (fresh, _) = SMALL.workshop(&chosen, None);
            assert_eq!(bits(&workshop), bits(&fresh), "{order:?}: {chosen:?}");
        }
        assert_eq!(bits(&workshop), expected, "{order:?}");
        assert_eq!(states(&workshop), expected_states, "{order:?}");
    }
}

#[test]
fn only_changed_layers_are_made_anew() {
    let (base, _) = SMALL.workshop(&[], None);
    SMALL.sample(&base, None);
    let made = base.layers();
    let (other, _) = SMALL.workshop(&[("lycoris-full", 1.0)], Some(&base));
    // conv_in, conv_norm_out, a group norm, a layer norm, and the layer of queries, keys and values.
    assert_eq!(made - other.layers(), 5);
    let (same, _) = SMALL.workshop(&[("lycoris-full", 0.0)], Some(&base));
    assert_eq!(same.layers(), made);
}

#[test]
fn quantised_layers_keep_their_weights_and_lose_no_change() {
    let q8 = Some(Format::Q8_0);
    let (base, _) = SMALL.workshop(&[], None);
    let rounding = worst(&SMALL.sample(&base, q8), &SMALL.values("out.base"));
    for (name, strength) in
        [("peft-lora", 1.0), ("kohya", 1.0), ("lycoris-locon", 1.0), ("lycoris-loha", 0.7), ("peft-dora", 1.0)]
    {
        let (workshop, _) = SMALL.workshop(&[(name, strength)], None);
        let found = worst(&SMALL.sample(&workshop, q8), &SMALL.values(&format!("out.{name}")));
        assert!(found < 3.0 * rounding, "{name}: off by {found}, the base by {rounding}");
    }
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn what_fits_nothing_is_told() {
    let networks = [("text_encoder", Scope::new(&SMALL.text))];
    let strength = Strength { network: 1.0, text: 1.0 };
    let (_, adopted) = AdapterSet::new(vec![(adapter("kohya"), strength)], &networks).unwrap();
    assert_eq!(adopted[0].layers, 7);
    assert!(adopted[0].unmatched.contains(&"lora_unet_conv_in.alpha".to_owned()), "{adopted:?}");
    let error = AdapterSet::new(vec![(adapter("peft-oft"), strength)], &networks).unwrap_err();
    assert!(matches!(error, WeightsError::OtherModel { .. }), "{error}");

    // One for Stable Diffusion XL, as far as its shapes tell.
    let layer = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k";
    let shapes = BTreeMap::from([
        (format!("{layer}.lora_down.weight"), vec![2, 2048]),
        (format!("{layer}.lora_up.weight"), vec![640, 2]),
    ]);
    let file = safetensors(&shapes, |_, shape| vec![0.5; shape.iter().product()]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xl.safetensors");
    std::fs::write(&path, file).unwrap();
    let xl = Arc::new(AdapterFile::open(ModelFiles::open(&path).unwrap()).unwrap());
    assert_eq!(xl.hash().len(), 64);
    let error = AdapterSet::new(vec![(xl, strength)], &[("unet", Scope::new(&SMALL.unet))]).unwrap_err();
    assert!(error.to_string().contains("made for Stable Diffusion XL"), "{error}");
    let error = AdapterFile::open(ModelFiles::open(&goldens_folder().join("adapters/outputs.safetensors")).unwrap());
    assert!(error.unwrap_err().to_string().contains("no tensor of it belongs to a LoRA"));
}
