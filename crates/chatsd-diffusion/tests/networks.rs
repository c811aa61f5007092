//! Every network against diffusers and transformers: see `reference/networks.py`.

mod common;

use std::{collections::BTreeMap, path::Path};

use chatsd_diffusion::{
    NetworkError,
    testing::{Added, Autoencoder, Context, ControlNet, ImageAdapter, ImageEncoder, TextEncoder, UNet, Upscaler},
};
use chatsd_tensor::{Engine, Format, Options, Shape, Tensor, testing::assert_close};
use chatsd_weights::{ModelFiles, Scope, WeightFile};
use serde_json::{Value, json};

/// The shapes of a file's tensors by name.
type Shapes = BTreeMap<String, Vec<usize>>;

/// `LOUD` of `reference/networks.py`.
const LOUD: f32 = 16_384.0;

/// What f32 rounding may cost through a whole network.
const RELATIVE: f32 = 1e-4;

/// A golden file: a network's config and weights, what it is given and what it makes.
struct Golden {
    file: WeightFile,
    config: Value,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Golden {
    fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/networks/{name}.safetensors"));
        let file = WeightFile::open(&path).unwrap();
        let json = |key| file.metadata(key).unwrap().as_text().unwrap().to_owned();
        let (config, shapes) = (json("config"), json("shapes"));
        let (config, shapes) = (serde_json::from_str(&config).unwrap(), serde_json::from_str(&shapes).unwrap());
        Self { file, config, shapes }
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.file.get(name).unwrap().values().unwrap()
    }

    /// A tensor that PyTorch has as batch, channels, height, width.
    fn picture(&self, name: &str) -> Tensor {
        let &[batch, channels, height, width] = self.file.shape(name).unwrap() else { panic!("{name} is no picture") };
        common::channels_last(&self.values(name), Shape::new(batch, height, width, channels))
    }

    /// A tensor that PyTorch has as batch, tokens, channels, or batch and channels.
    fn sequence(&self, name: &str) -> Tensor {
        let shape = match *self.file.shape(name).unwrap() {
            [batch, tokens, channels] => Shape::sequence(batch, tokens, channels),
            [batch, channels] => Shape::sequence(batch, 1, channels),
            ref other => panic!("{name} has shape {other:?}"),
        };
        Tensor::new(shape, self.values(name))
    }

    fn tokens(&self) -> Vec<u32> {
        self.values("in.tokens").into_iter().map(|token| token as u32).collect()
    }

    /// The weights as a file, of what shapes and names `change` leaves.
    fn weights(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<usize>>)) -> Vec<WeightFile> {
        let mut shapes = self.shapes.clone();
        change(&mut shapes);
        let loud = self.file.metadata("loud").and_then(|loud| loud.as_text().map(str::to_owned)).unwrap_or_default();
        let bytes = common::safetensors(&shapes, |name, shape| {
            let factor = if !loud.is_empty() && name.starts_with(&loud) { LOUD } else { 1.0 };
            common::weight(name, shape).into_iter().map(|value| value * factor).collect()
        });
        vec![WeightFile::from_static(bytes.leak()).unwrap()]
    }

    /// All weights, under other names.
    fn renamed(&self, rename: impl Fn(&str) -> String) -> Vec<WeightFile> {
        let old: BTreeMap<String, &String> = self.shapes.keys().map(|name| (rename(name), name)).collect();
        let shapes = old.iter().map(|(new, old)| (new.clone(), self.shapes[*old].clone())).collect();
        let bytes = common::safetensors(&shapes, |name, shape| common::weight(old[name], shape));
        vec![WeightFile::from_static(bytes.leak()).unwrap()]
    }

    fn whole(&self) -> Vec<WeightFile> {
        self.weights(|_| ())
    }
}

/// The oracle and the back end that paints.
fn engines() -> [(&'static str, Engine); 2] {
    [("reference", Engine::reference()), ("cpu", Engine::cpu(Options::default()).unwrap())]
}

#[test]
fn text_encoders() {
    for name in ["text-quick-gelu", "text-projection", "text-old-end"] {
        let golden = Golden::open(name);
        let files = golden.whole();
        let encoder = TextEncoder::load(&Scope::new(&files), &golden.config).unwrap();
        assert!(Scope::new(&files).unused().is_empty(), "{:?}", Scope::new(&files).unused());
        for (back_end, engine) in engines() {
            let label = |what| format!("{name} on {back_end}: {what}");
            let all = encoder.encode(&engine, &golden.tokens(), 0, true);
            assert_close(&label("states"), all.states.values(), &golden.values("out.states"), RELATIVE);
            for (skip, what) in [(1, "out.second_to_last"), (2, "out.first_layer")] {
                let bare = encoder.encode(&engine, &golden.tokens(), skip, false);
                assert_close(&label(what), bare.states.values(), &golden.values(what), RELATIVE);
                let pooled = [&all, &bare].map(|encoded| encoded.pooled.as_ref().map(|x| x.values().to_vec()));
                assert_eq!(pooled[0], pooled[1], "the pooled vector comes from all layers");
            }
            assert_eq!(all.pooled.is_some(), golden.file.contains("out.pooled"));
            if let Some(pooled) = all.pooled {
                assert_close(&label("pooled"), pooled.values(), &golden.values("out.pooled"), RELATIVE);
            }
        }
    }
}

#[test]
fn text_encoders_of_older_files_have_a_prefix() {
    let golden = Golden::open("text-quick-gelu");
    for prefix in ["", "text_model."] {
        let names = |name: &str| format!("{prefix}{}", name.strip_prefix("text_model.").unwrap_or(name));
        let files = golden.renamed(names);
        let encoder = TextEncoder::load(&Scope::new(&files), &golden.config).unwrap();
        assert!(Scope::new(&files).unused().is_empty());
        let states = encoder.encode(&Engine::reference(), &golden.tokens(), 0, true).states;
        assert_close(&format!("after {prefix:?}"), states.values(), &golden.values("out.states"), RELATIVE);
    }
}

const UNETS: [&str; 7] = ["unet-1", "unet-2", "unet-xl", "unet-no-mid", "unet-plain-mid", "unet-depths", "unet-lcm"];

#[test]
fn picture_networks() {
    for name in UNETS {
        let golden = Golden::open(name);
        let files = golden.whole();
        let unet = UNet::load(&Scope::new(&files), &golden.config).unwrap();
        assert!(Scope::new(&files).unused().is_empty(), "{name}: {:?}", Scope::new(&files).unused());
        assert_eq!(unet.context_channels(), golden.sequence("in.states").shape().channels);
        assert_eq!(unet.pooled_channels(6), golden.file.shape("in.pooled").map(|shape| shape[1]));
        let added = Added {
            pooled: unet.takes_pooled().then(|| golden.sequence("in.pooled")),
            sizes: if unet.takes_pooled() {
                vec![golden.values("in.sizes"); golden.picture("in.z").shape().batch]
            } else {
                Vec::new()
            },
            guidance: unet.takes_guidance().then(|| golden.values("in.guidance")[0]),
        };
        for (back_end, engine) in engines() {
            let context = unet.context(&engine, &golden.sequence("in.states"));
            let time = unet.time(&engine, golden.values("in.time")[0], Some(&unet.added(&engine, &added)));
            let made = unet.forward(&engine, &golden.picture("in.z"), &time, &context);
            let expected = golden.picture("out.sample");
            assert_eq!(made.shape(), expected.shape());
            assert_close(&format!("{name} on {back_end}"), made.values(), expected.values(), RELATIVE);
        }
    }
}

#[test]
fn control_nets() {
    for name in ["control", "control-xl"] {
        let golden = Golden::open(name);
        let files = golden.whole();
        let network = ControlNet::load(&Scope::new(&files), &golden.config).unwrap();
        assert!(Scope::new(&files).unused().is_empty(), "{name}: {:?}", Scope::new(&files).unused());
        let base = Golden::open("unet-1");
        let base_files = base.whole();
        let unet = UNet::load(&Scope::new(&base_files), &base.config).unwrap();
        assert_eq!((network.hint_factor(), network.in_channels(), network.context_channels()), (2, 4, 24));
        let batch = golden.file.shape("in.z").unwrap()[0];
        let added = Added {
            pooled: network.takes_pooled().then(|| golden.sequence("in.pooled")),
            sizes: if network.takes_pooled() { vec![golden.values("in.sizes"); batch] } else { Vec::new() },
            guidance: None,
        };
        for (back_end, engine) in engines() {
            let (z, states, t) = (golden.picture("in.z"), golden.sequence("in.states"), golden.values("in.time")[0]);
            let time = network.time(&engine, t, Some(&network.added(&engine, &added)));
            let context = network.context(&engine, &states);
            let hint = network.hint(&engine, &golden.picture("in.hint"));
            let found = network.forward(&engine, &z, &hint, &time, &context);
            assert_eq!(found.len(), network.layers().len() + 1);
            for index in [0, found.len() / 2, found.len() - 1] {
                let expected = golden.picture(&format!("out.{index}"));
                assert_eq!(found[index].shape(), expected.shape());
                let label = format!("{name} on {back_end}, layer {index}");
                assert_close(&label, found[index].values(), expected.values(), RELATIVE);
            }
            if golden.file.contains("out.sample") {
                assert_eq!(network.layers(), unet.layers());
                let (context, time) = (unet.context(&engine, &states), unet.time(&engine, t, None));
                let halves = [(0.3, found.clone()), (0.4, found)];
                let made = unet.forward_controlled(&engine, &z, &time, &context, &halves);
                let expected = golden.picture("out.sample");
                assert_close(&format!("{name} on {back_end}"), made.values(), expected.values(), RELATIVE);
            }
        }
    }
}

#[test]
fn image_encoders_and_adapters() {
    let golden = Golden::open("image-encoder");
    let files = golden.whole();
    let encoder = ImageEncoder::load(&Scope::new(&files)).unwrap();
    assert!(Scope::new(&files).unused().is_empty(), "{:?}", Scope::new(&files).unused());
    assert_eq!((encoder.side(), encoder.channels()), (28, 20));
    let looked = Golden::open("ip-adapter");
    let looked_files = looked.whole();
    let base = Golden::open("unet-1");
    let base_files = base.whole();
    let unet = UNet::load(&Scope::new(&base_files), &base.config).unwrap();
    let adapter = ImageAdapter::load(&Scope::new(&looked_files), &unet).unwrap();
    assert!(Scope::new(&looked_files).unused().is_empty(), "{:?}", Scope::new(&looked_files).unused());
    for (back_end, engine) in engines() {
        let made = encoder.forward(&engine, &golden.picture("in.image"));
        assert_close(&format!("encoder on {back_end}"), made.values(), &golden.values("out.embedding"), RELATIVE);
        let vectors = looked.sequence("in.embedding");
        let time = unet.time(&engine, looked.values("in.time")[0], None);
        let context = unet.context(&engine, &looked.sequence("in.states"));
        let halves = adapter.with_image_prompt(&engine, context, &vectors, 0.2);
        let context = adapter.with_image_prompt(&engine, halves, &vectors, 0.4);
        let made = unet.forward(&engine, &looked.picture("in.z"), &time, &context);
        let expected = looked.picture("out.sample");
        assert_close(&format!("adapter on {back_end}"), made.values(), expected.values(), RELATIVE);
    }
    let other = looked.weights(|shapes| shapes.get_mut("ip_adapter.3.to_k_ip.weight").unwrap()[0] += 1);
    let refusal = ImageAdapter::load(&Scope::new(&other), &unet).err().unwrap().to_string();
    assert!(refusal.contains("another family"), "{refusal}");
}

#[test]
fn a_batch_is_its_pictures() {
    let golden = Golden::open("unet-1");
    let files = golden.whole();
    let unet = UNet::load(&Scope::new(&files), &golden.config).unwrap();
    let (_, engine) = engines().into_iter().next_back().unwrap();
    let states = golden.sequence("in.states");
    let time = unet.time(&engine, 437.0, None);
    let contexts = [0, 1].map(|index| unet.context(&engine, &engine.picture(&states, index)));
    let stacked = Context::stack(&engine, &[&contexts[0], &contexts[1]]);
    let large = Shape::new(2, 100, 100, 4);
    let large = Tensor::new(large, (0..large.len()).map(|at| (at % 37) as f32 / 18.5 - 1.0).collect());
    for z in [golden.picture("in.z"), large] {
        let singles = [0, 1].map(|index| unet.forward(&engine, &engine.picture(&z, index), &time, &contexts[index]));
        let both = unet.forward(&engine, &z, &time, &stacked);
        assert_eq!(both.values(), engine.stack(&[&singles[0], &singles[1]]).values(), "bit for bit");
    }
}

#[test]
fn a_step_allocates_nothing_after_the_first() {
    let golden = Golden::open("unet-1");
    let files = golden.whole();
    let unet = UNet::load(&Scope::new(&files), &golden.config).unwrap();
    let z = golden.picture("in.z");
    for (back_end, engine) in engines() {
        let context = unet.context(&engine, &golden.sequence("in.states"));
        let time = unet.time(&engine, 437.0, None);
        drop(unet.forward(&engine, &z, &time, &context));
        let made = engine.allocations();
        drop(unet.forward(&engine, &z, &time, &context));
        assert_eq!(engine.allocations(), made, "{back_end}");
    }
}

#[test]
fn autoencoders() {
    for (name, channels, factor) in [
        ("autoencoder-tiny", 4, 4),
        ("autoencoder-kl", 4, 2),
        // Its activations pass what f16 holds: PyTorch's picture in f16 is black.
        ("autoencoder-kl-loud", 4, 2),
        ("autoencoder-kl-16", 16, 2),
    ] {
        let golden = Golden::open(name);
        let files = golden.whole();
        let autoencoder = Autoencoder::load(&Scope::new(&files), &golden.config).unwrap();
        assert!(Scope::new(&files).unused().is_empty(), "{name}: {:?}", Scope::new(&files).unused());
        assert_eq!((autoencoder.latent_channels(), autoencoder.factor()), (channels, factor));
        for (back_end, engine) in engines() {
            let latent = autoencoder.encode(&engine, &golden.picture("in.image"));
            let expected = golden.picture("out.latent");
            assert_eq!(latent.shape(), expected.shape());
            assert_close(&format!("{name} on {back_end}: latent"), latent.values(), expected.values(), RELATIVE);
            let image = autoencoder.decode(&engine, &golden.picture("in.latent"));
            let expected = golden.picture("out.image");
            assert_eq!(image.shape(), expected.shape());
            assert_close(&format!("{name} on {back_end}: image"), image.values(), expected.values(), RELATIVE);
        }
    }
}

/// Tiles of 64 latent pixels against the whole, in shares of a standard deviation. Without normalisations little
/// but the outermost pixels of a tile differ, and those are given up. With them the borders of the parts in which moments
/// are learnt count a little: here those are 48 latent pixels wide, of a picture twice as large.
#[test]
fn tiles_are_nearly_the_whole() {
    for (name, most, mean) in [("autoencoder-tiny", 0.02, 1e-3), ("autoencoder-kl", 0.1, 0.02)] {
        let golden = Golden::open(name);
        let files = golden.whole();
        let autoencoder = Autoencoder::load(&Scope::new(&files), &golden.config).unwrap();
        let (_, engine) = engines().into_iter().next_back().unwrap();
        let factor = autoencoder.factor();
        let fits = autoencoder.bytes_a_pixel() * (64 * 64 * factor * factor) as u64;
        let latent_shape = Shape::new(1, 96, 80, 4);
        let latent = Tensor::new(latent_shape, smooth(latent_shape));
        let image_shape = Shape::new(1, 96 * factor, 80 * factor, 3);
        let image = Tensor::new(image_shape, smooth(image_shape));
        let decoded = [u64::MAX, fits].map(|limit| autoencoder.decode_within(&engine, &latent, limit));
        let encoded = [u64::MAX, fits].map(|limit| autoencoder.encode_within(&engine, &image, limit));
        assert_eq!(decoded[0].values(), autoencoder.decode(&engine, &latent).values(), "what fits is not cut");
        for (what, [whole, tiled]) in [("decoded", decoded), ("encoded", encoded)] {
            assert_eq!(whole.shape(), tiled.shape());
            let deviation = engine.moments(&whole)[0].1;
            let apart: Vec<f32> =
                whole.values().iter().zip(tiled.values()).map(|(a, b)| (a - b).abs() / deviation).collect();
            let worst = apart.iter().copied().fold(0.0, f32::max);
            let average = apart.iter().sum::<f32>() / apart.len() as f32;
            assert!(worst <= most && average <= mean, "{name}, {what}: {worst} and {average} of a deviation");
            assert!(average > 0.0, "{name}, {what}: tiles were made");
        }
    }
}

/// A picture as pictures are: it changes slowly.
fn smooth(shape: Shape) -> Vec<f32> {
    let value = |index: usize| {
        let (pixel, channel) = (index / shape.channels, index % shape.channels);
        let (y, x) = ((pixel / shape.width) as f32, (pixel % shape.width) as f32);
        (0.13 * x + channel as f32).sin() + 0.7 * (0.19 * y - 0.05 * x).cos()
    };
    (0..shape.len()).map(value).collect()
}

#[test]
fn upscalers() {
    for name in ["old", "old-2", "new", "real", "real-2", "compact"] {
        let golden = Golden::open(&format!("upscaler-{name}"));
        let files = golden.whole();
        let upscaler = Upscaler::load(&Scope::new(&files)).unwrap();
        assert_eq!(upscaler.scale() as u64, golden.config["scale"].as_u64().unwrap());
        for (back_end, engine) in engines() {
            let made = upscaler.forward(&engine, &golden.picture("in.image"));
            let expected = golden.picture("out.image");
            assert_eq!(made.shape(), expected.shape());
            assert_close(&format!("{name} on {back_end}"), made.values(), expected.values(), 1e-5);
        }
        let wrapped = golden.renamed(|name| format!("params_ema.{name}"));
        let made =
            Upscaler::load(&Scope::new(&wrapped)).unwrap().forward(&Engine::reference(), &golden.picture("in.image"));
        assert_close(&format!("{name}, wrapped"), made.values(), golden.picture("out.image").values(), 1e-5);
    }
}

#[test]
fn other_networks_are_no_upscalers() {
    let refusal = |name: &str, change: &dyn Fn(&mut Shapes)| {
        let files = Golden::open(name).weights(|shapes| change(shapes));
        Upscaler::load(&Scope::new(&files)).err().expect("no upscaler").to_string()
    };
    assert!(refusal("unet-1", &|_| ()).contains("expected ESRGAN"));
    assert!(
        refusal("upscaler-old", &|shapes| drop(
            shapes.insert("model.1.sub.0.RDB1.conv1x1.weight".into(), vec![2, 2, 1, 1])
        ))
        .contains("conv1x1")
    );
    assert!(refusal("upscaler-real", &|shapes| drop(shapes.remove("conv_hr.weight"))).contains("conv_hr"));
    assert!(
        refusal("upscaler-real", &|shapes| shapes.get_mut("conv_first.weight").unwrap()[1] = 5)
            .contains("expected 3, 12 or 48")
    );
    assert!(refusal("upscaler-compact", &|shapes| shapes.get_mut("body.6.weight").unwrap()[0] = 47).contains("47"));
}

#[test]
fn old_names_of_an_autoencoder_are_known() {
    let golden = Golden::open("autoencoder-kl");
    let files = golden.renamed(|name| {
        let names = [("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")];
        names.iter().fold(name.to_owned(), |name, (new, old)| name.replace(new, old))
    });
    assert!(files[0].names().any(|name| name.contains("proj_attn")));
    let autoencoder = Autoencoder::load(&Scope::new(&files), &golden.config).unwrap();
    let image = autoencoder.decode(&Engine::reference(), &golden.picture("in.latent"));
    assert_close("old names", image.values(), golden.picture("out.image").values(), RELATIVE);
}

#[test]
fn patches_lose_nothing() {
    let autoencoder = Autoencoder::patch(8).unwrap();
    let shape = Shape::new(2, 16, 24, 3);
    let image = Tensor::new(shape, common::noise("image", shape.len()).collect());
    for (_, engine) in engines() {
        let latent = autoencoder.encode(&engine, &image);
        assert_eq!(latent.shape(), Shape::new(2, 2, 3, 192));
        assert_eq!(autoencoder.decode(&engine, &latent).values(), image.values());
    }
    assert!(Autoencoder::patch(0).is_err() && Autoencoder::patch(usize::MAX).is_err());
}

#[test]
fn the_built_in_networks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = WeightFile::open(&root.join("tests/goldens/pocket.safetensors")).unwrap();
    let values = |name: &str| golden.get(name).unwrap().values().unwrap();
    let model = ModelFiles::open(&root.join("../../models/pocket.gguf")).unwrap();
    let (text, picture) = (model.component("text_encoder").unwrap(), model.component("unet").unwrap());
    let z = common::channels_last(&values("z"), Shape::new(1, 16, 16, 192));
    let x = common::channels_last(&values("single_x"), Shape::new(1, 16, 16, 192));
    // As stored, the doublings' summed taps are kept in f16, which rounds to 2⁻¹¹.
    for (format, relative) in [(Some(Format::F32), RELATIVE), (None, 2_f32.powi(-11))] {
        let encoder = TextEncoder::load(&text.weights.stored_as(format), &text.config).unwrap();
        let unet = UNet::load(&picture.weights.stored_as(format), &picture.config).unwrap();
        assert!(picture.weights.unused().is_empty(), "{:?}", picture.weights.unused());
        for (back_end, engine) in engines() {
            let label = |what| format!("{what} on {back_end} kept as {format:?}");
            for (ids, states) in [("input_ids", "states"), ("empty_ids", "empty_states")] {
                let ids: Vec<u32> = values(ids).into_iter().map(|id| id as u32).collect();
                let made = encoder.encode(&engine, &ids, 0, true).states;
                assert_close(&label(states), made.values(), &values(states), relative);
            }
            let context = unet.context(&engine, &Tensor::new(Shape::sequence(1, 32, 192), values("states")));
            let made = unet.forward(&engine, &z, &unet.time(&engine, 500.0, None), &context);
            assert_close(&label("single_x"), made.values(), x.values(), relative);
        }
    }
}

/// Loads a network of the kind that `name` says.
fn load(name: &str, files: &[WeightFile], config: &Value) -> Result<(), NetworkError> {
    let weights = Scope::new(files);
    match name.split('-').next() {
        Some("text") => TextEncoder::load(&weights, config).map(drop),
        Some("unet") => UNet::load(&weights, config).map(drop),
        Some("control") => ControlNet::load(&weights, config).map(drop),
        _ => Autoencoder::load(&weights, config).map(drop),
    }
}

const KINDS: [&str; 6] = ["text-projection", "unet-xl", "unet-lcm", "control", "autoencoder-tiny", "autoencoder-kl"];

/// Of each of [`KINDS`], keys of the config that are read.
const READ_KEYS: [usize; 6] = [10, 42, 42, 29, 13, 17];

#[test]
fn a_missing_or_misshapen_tensor_is_named() {
    for name in KINDS {
        let golden = Golden::open(name);
        // An encoder without a projection is one too.
        let needed = |tensor: &&String| tensor.ends_with("weight") && *tensor != "text_projection.weight";
        for tensor in golden.shapes.keys().filter(needed).step_by(9) {
            let files = golden.weights(|shapes| drop(shapes.remove(tensor)));
            let error = load(name, &files, &golden.config).expect_err(tensor).to_string();
            assert!(error.contains(tensor.as_str()), "{tensor}: {error}");
            let files = golden.weights(|shapes| shapes.get_mut(tensor).unwrap()[0] += 1);
            let error = load(name, &files, &golden.config).expect_err(tensor).to_string();
            assert!(error.contains(tensor.as_str()), "{tensor}: {error}");
        }
    }
}

#[test]
fn absurd_configs_are_refused() {
    let absurd = [
        json!(-1),
        json!(1u64 << 40),
        json!(u64::MAX),
        json!(1e300),
        json!("absurd"),
        json!([]),
        json!([0]),
        json!({}),
        json!([u64::MAX, u64::MAX]),
    ];
    // How many keys of each kind are read; all others have no effect here, whatever they are.
    for (name, expected) in KINDS.into_iter().zip(READ_KEYS) {
        let golden = Golden::open(name);
        let files = golden.whole();
        let keys = golden.config.as_object().unwrap().keys();
        let read = keys.filter(|key| {
            let accepts = |value: &Value| {
                let mut config = golden.config.clone();
                config[key.as_str()] = value.clone();
                load(name, &files, &config).is_ok()
            };
            let accepted: Vec<&Value> = absurd.iter().filter(|value| accepts(value)).collect();
            let is_read = accepted.len() < absurd.len();
            // Latents may be scaled by any number but 0.
            let may_be =
                |value: &Value| value.is_number() && ["scaling_factor", "shift_factor"].contains(&key.as_str());
            assert!(!is_read || accepted.iter().all(|value| may_be(value)), "{name}, {key}: {accepted:?}");
            is_read
        });
        assert_eq!(read.count(), expected, "{name}");
    }
}

#[test]
fn odd_values_never_panic() {
    for name in KINDS {
        let golden = Golden::open(name);
        let files = golden.whole();
        for key in golden.config.as_object().unwrap().keys() {
            for value in [json!(0), json!(1), json!(3), json!(null), json!(true), json!([1, 2, 3, 4, 5, 6, 7])] {
                let mut config = golden.config.clone();
                config[key] = value;
                // Some of these are right; what is wrong says what.
                if let Err(error) = load(name, &files, &config) {
                    assert!(!error.to_string().is_empty());
                }
            }
        }
    }
}

#[test]
fn contradictions_and_other_kinds_are_explained() {
    for (name, key, value, expected) in [
        ("text-projection", "hidden_size", json!(0), "hidden_size is 0"),
        ("text-projection", "hidden_size", json!(1u64 << 40), "hidden_size is 1099511627776"),
        ("text-projection", "num_attention_heads", json!(5), "num_attention_heads 5 does not divide 32"),
        ("text-projection", "num_attention_heads", json!(0), "num_attention_heads 0 does not divide 32"),
        ("text-projection", "hidden_act", json!("mish"), "hidden_act is \"mish\""),
        ("text-projection", "num_hidden_layers", json!(4), "encoder.layers.3"),
        ("text-projection", "vocab_size", json!(65), "token_embedding.weight"),
        ("text-projection", "hidden_size", json!("wide"), "config of the text encoder"),
        ("unet-1", "block_out_channels", json!([0, 64]), "block_out_channels is 0"),
        ("unet-1", "block_out_channels", json!([32]), "down_block_types has 2 entries for 1 blocks"),
        ("unet-1", "block_out_channels", json!([]), "block_out_channels has 0 entries"),
        ("unet-1", "norm_num_groups", json!(5), "norm_num_groups 5 does not divide 32"),
        ("unet-1", "norm_num_groups", json!(0), "norm_num_groups 0 does not divide 32"),
        ("unet-1", "attention_head_dim", json!(5), "attention_head_dim 5 does not divide 32"),
        ("unet-1", "attention_head_dim", json!([]), "attention_head_dim has no entry 0"),
        ("unet-1", "layers_per_block", json!(3), "down_blocks.0.resnets.2"),
        ("unet-1", "cross_attention_dim", json!(25), "attn2.to_k"),
        ("unet-1", "resnet_time_scale_shift", json!("scale_shift"), "resnet_time_scale_shift is \"scale_shift\""),
        ("unet-1", "class_embed_type", json!("timestep"), "class_embed_type is \"timestep\""),
        ("unet-1", "num_class_embeds", json!(10), "num_class_embeds is 10"),
        ("unet-1", "down_block_types", json!(["KDownBlock2D", "DownBlock2D"]), "\"KDownBlock2D\""),
        ("unet-1", "mid_block_type", json!("UNetMidBlock2DSimpleCrossAttn"), "UNetMidBlock2DSimpleCrossAttn"),
        ("unet-1", "act_fn", json!("gelu"), "act_fn is \"gelu\""),
        ("unet-1", "norm_eps", json!(-1.0), "norm_eps is -1"),
        ("unet-1", "conv_in_kernel", json!(4), "conv_in_kernel is 4"),
        ("unet-1", "cross_attention_dim", json!([24, 25]), "cross_attention_dim is 25 and 24"),
        ("unet-xl", "addition_time_embed_dim", json!(null), "addition_time_embed_dim"),
        ("unet-xl", "projection_class_embeddings_input_dim", json!(8), "projection_class_embeddings_input_dim 8"),
        ("autoencoder-kl", "_class_name", json!("VQModel"), "VQModel"),
        ("autoencoder-kl", "latent_channels", json!(0), "latent_channels is 0"),
        ("autoencoder-kl", "scaling_factor", json!(0.0), "scaling_factor is 0"),
        ("autoencoder-kl", "latents_mean", json!([0.0, 0.0]), "latents_mean"),
        ("autoencoder-kl", "norm_num_groups", json!(7), "norm_num_groups 7 does not divide 32"),
        ("autoencoder-tiny", "num_decoder_blocks", json!([1]), "decoder_block_out_channels has 3 entries for 1 blocks"),
        ("autoencoder-tiny", "encoder_block_out_channels", json!([32, 32, 64]), "expected one width"),
        ("autoencoder-tiny", "upsampling_scaling_factor", json!(3), "upsampling_scaling_factor"),
    ] {
        let golden = Golden::open(name);
        let mut config = golden.config.clone();
        config[key] = value;
        let error = load(name, &golden.whole(), &config).expect_err(key).to_string();
        assert!(error.contains(expected), "{name}, {key}: {error}");
    }
}
