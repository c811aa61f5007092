//! Every family of Stable Diffusion against its pipeline in diffusers: see `reference/families.py`.
//!
//! `cargo test -p chatsd-diffusion --test families -- --nocapture` prints the table of `docs/parity.md`.

mod common;

use std::{cell::RefCell, collections::BTreeMap, fmt::Write as _, ops::ControlFlow, path::PathBuf};

use chatsd_diffusion::{
    PictureModel,
    testing::{Added, Autoencoder, TextEncoder, UNet},
};
use chatsd_tensor::{Engine, Options, Shape, Tensor, testing::assert_close};
use chatsd_types::{Image, ImageModel, Mask, PaintError, Request, Schedule, Size, Source};
use chatsd_weights::{ModelFiles, WeightFile};
use serde_json::{Value, json};

/// The most that any part of any family may differ, of its largest value.
const RELATIVE: f32 = 1e-4;
const SIZE: Size = Size { width: 32, height: 16 };
const LATENT: Shape = Shape { batch: 1, height: 8, width: 16, channels: 4 };
const COMPONENTS: [&str; 2] = ["text_encoder", "text_encoder_2"];

/// Family, how the style library names it, layers of its text encoder that are left out, whether its states are normed.
const FAMILIES: [(&str, &str, usize, bool); 22] = [
    ("sd1", "sd1", 0, true),
    ("sd1-clip-skip-2", "sd1", 1, true),
    ("sd1-cosine", "sd1", 0, true),
    ("sd1-lcm", "sd1", 0, true),
    ("sd1-inpainting", "sd1", 0, true),
    ("sd1-edit", "sd1", 0, true),
    ("bk-sdm-base", "sd1", 0, true),
    ("bk-sdm-small", "sd1", 0, true),
    ("bk-sdm-tiny", "sd1", 0, true),
    ("sd2", "sd2", 0, true),
    ("sd2-v", "sd2", 0, true),
    ("sd-turbo", "sd2", 0, true),
    ("sdxs", "sd2", 0, true),
    ("sdxl", "sdxl", 1, false),
    ("sdxl-clip-skip-3", "sdxl", 2, false),
    ("sdxl-empty-negative", "sdxl", 1, false),
    ("sdxl-turbo", "sdxl", 1, false),
    ("sdxl-v-zero-snr", "sdxl", 1, false),
    ("sdxl-inpainting", "sdxl", 1, false),
    ("sdxl-refiner", "sdxl", 1, false),
    ("ssd-1b", "sdxl", 1, false),
    ("vega", "sdxl", 1, false),
];

/// What diffusers made of a family.
struct Golden {
    file: WeightFile,
    /// The largest difference of each part so far, of its largest value.
    worst: RefCell<BTreeMap<&'static str, f32>>,
}

impl Golden {
    fn open(name: &str) -> Self {
        Self {
            file: WeightFile::open(&folder().join(format!("{name}.safetensors"))).unwrap(),
            worst: RefCell::default(),
        }
    }

    fn json(&self, key: &str) -> Value {
        serde_json::from_str(self.file.metadata(key).unwrap().as_text().unwrap()).unwrap()
    }

    fn values(&self, name: &str) -> Option<Vec<f32>> {
        match self.json("same")[name].as_str() {
            Some(family) => Self::open(family).values(name),
            None => Some(self.file.get(name).ok()?.values().unwrap()),
        }
    }

    fn compare(&self, part: &'static str, name: &str, found: &[f32]) {
        self.compare_with(part, name, found, &self.values(name).unwrap());
    }

    fn compare_with(&self, part: &'static str, name: &str, found: &[f32], expected: &[f32]) {
        assert_close(&format!("{:?}: {name}", self.file.path()), found, expected, RELATIVE);
        let largest = expected.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let apart = found.iter().zip(expected).fold(0.0_f32, |apart, (a, b)| apart.max((a - b).abs())) / largest;
        let mut worst = self.worst.borrow_mut();
        let worst = worst.entry(part).or_default();
        *worst = worst.max(apart);
    }
}

fn folder() -> PathBuf {
    common::goldens_folder().join("families")
}

fn model(name: &str) -> PictureModel {
    let folder = common::saved::saved(name);
    PictureModel::load(&ModelFiles::open(folder.path()).unwrap(), name, Engine::reference()).unwrap()
}

/// `image` of the script.
fn picture() -> (Image, Mask) {
    let count = (SIZE.width * SIZE.height) as usize;
    let rgb = (0..count * 3).map(|index| ((index * 73 + index / 7 * 31) % 256) as u8).collect();
    let covered = |index: usize| if index % SIZE.width as usize >= SIZE.width as usize / 2 { 255 } else { 0 };
    (Image { size: SIZE, rgb }, Mask { size: SIZE, coverage: (0..count).map(covered).collect() })
}

fn text(golden: &Golden, engine: &Engine, files: &ModelFiles, left_out: usize, normed: bool) {
    for component in COMPONENTS.into_iter().filter(|name| files.has(name)) {
        let part = files.component(component).unwrap();
        let encoder = TextEncoder::load(&part.weights, &part.config).unwrap();
        assert!(part.weights.unused().is_empty(), "{:?}", part.weights.unused());
        let tokens = golden.values(&format!("tokens.{component}")).unwrap();
        let tokens: Vec<u32> = tokens.into_iter().map(|token| token as u32).collect();
        let made = encoder.encode(engine, &tokens, left_out, normed);
        golden.compare("text", &format!("states.{component}"), made.states.values());
        if component == COMPONENTS[1] {
            golden.compare("text", &format!("pooled.{component}"), made.pooled.unwrap().values());
        }
    }
}

fn network(golden: &Golden, engine: &Engine, files: &ModelFiles) {
    let part = files.component("unet").unwrap();
    let unet = UNet::load(&part.weights, &part.config).unwrap();
    assert!(part.weights.unused().is_empty(), "{:?}", part.weights.unused());
    let given = |name: &str, shape: Shape| {
        let values: Vec<f32> = common::noise(name, shape.len()).map(|value| value * 1.7).collect();
        common::channels_last(&values, shape)
    };
    let sizes = golden.values("network.sizes").unwrap_or_default();
    let pooled = golden.values("network.pooled").map(|x| Tensor::new(Shape::sequence(1, 1, x.len()), x));
    let guidance = golden.values("network.guidance").map(|values| values[0]);
    let added = Added { pooled, sizes: vec![sizes], guidance };
    let states = Shape::sequence(1, 77, unet.context_channels());
    let states: Vec<f32> = common::noise("states", states.len()).map(|value| value * 1.7).collect();
    let states = Tensor::new(Shape::sequence(1, 77, unet.context_channels()), states);
    let z = given("z", LATENT.with_channels(unet.in_channels()));
    let time = unet.time(engine, 437.0, Some(&unet.added(engine, &added)));
    let made = unet.forward(engine, &z, &time, &unet.context(engine, &states));
    let expected = common::channels_last(&golden.values("network.made").unwrap(), LATENT);
    golden.compare_with("network", "network.made", made.values(), expected.values());
}

fn autoencoder(golden: &Golden, engine: &Engine, files: &ModelFiles) {
    let part = files.component("vae").unwrap();
    let autoencoder = Autoencoder::load(&part.weights, &part.config).unwrap();
    assert!(part.weights.unused().is_empty(), "{:?}", part.weights.unused());
    let (image, _) = picture();
    let shape = Shape::new(1, SIZE.height as usize, SIZE.width as usize, 3);
    let pixels = Tensor::new(shape, image.rgb.iter().map(|&byte| f32::from(byte) / 127.5 - 1.0).collect());
    let latent = autoencoder.encode(engine, &pixels);
    let expected = common::channels_last(&golden.values("latent").unwrap(), LATENT);
    golden.compare_with("autoencoder", "latent", latent.values(), expected.values());
    let given: Vec<f32> = common::noise("latent", LATENT.len()).map(|value| value * 2.0).collect();
    let image = autoencoder.decode(engine, &common::channels_last(&given, LATENT));
    let expected = common::channels_last(&golden.values("image").unwrap(), shape);
    golden.compare_with("autoencoder", "image", image.values(), expected.values());
}

fn request(golden: &Golden) -> (Request, Source) {
    let asked = golden.json("request");
    let number = |key: &str| asked[key].as_f64().map(|number| number as f32);
    let mut request = common::request("a red fox, smile", 16);
    request.size = SIZE;
    request.seed = 7;
    request.prompt.negative = asked["negative_prompt"].as_str().unwrap_or_default().into();
    request.steps = asked["num_inference_steps"].as_u64().unwrap_or(4) as u32;
    request.guidance = number("guidance_scale").unwrap();
    request.guidance_rescale = number("guidance_rescale").unwrap_or(0.0);
    request.image_guidance = number("image_guidance_scale");
    request.strength = number("strength").unwrap_or(1.0);
    let second = golden.json("parts").get("text_encoder_2").is_some();
    // diffusers counts layers left out beyond the model's own choice.
    request.clip_skip = asked["clip_skip"].as_u64().map(|skip| skip as u32 + if second { 2 } else { 1 });
    let trailing = golden.json("scheduler")["timestep_spacing"] == json!("trailing");
    request.schedule = if trailing { Schedule::Trailing } else { Schedule::Leading };
    let (image, mask) = picture();
    let init = asked.get("image").map(|_| image);
    let mask = asked.get("mask_image").map(|_| mask);
    request.init = init.as_ref().map(|_| "0".repeat(64));
    request.mask = mask.as_ref().map(|_| "0".repeat(64));
    (request, Source { init, mask, ..Source::default() })
}

fn walk(golden: &Golden, model: &PictureModel) {
    let (request, source) = request(golden);
    let loops = golden.values("loop").unwrap();
    let mut path = loops.chunks_exact(LATENT.len());
    let latent = model.latent(&request, &source, &mut |progress, latent| {
        let expected = common::channels_last(path.next().unwrap(), LATENT);
        golden.compare_with("loop", &format!("step {}", progress.step), latent.values(), expected.values());
        ControlFlow::Continue(())
    });
    assert!(path.next().is_none(), "as many steps as in diffusers");
    // The pipeline returns 0 to 1, cut off.
    let picture = model.decode(&latent.unwrap());
    let picture: Vec<f32> = picture.values().iter().map(|x| (x / 2.0 + 0.5).clamp(0.0, 1.0)).collect();
    let shape = Shape::new(1, SIZE.height as usize, SIZE.width as usize, 3);
    let expected = common::channels_last(&golden.values("picture").unwrap(), shape);
    golden.compare_with("picture", "picture", &picture, expected.values());
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is wanted, also where every figure is low enough")]
fn every_family_paints_as_in_diffusers() {
    let engine = Engine::cpu(Options::default()).unwrap();
    let mut table =
        String::from("| family | text | network | autoencoder | 4 steps | picture |\n|---|---|---|---|---|---|\n");
    for (name, family, left_out, normed) in FAMILIES {
        let golden = Golden::open(name);
        let folder = common::saved::saved(name);
        let files = ModelFiles::open(folder.path()).unwrap();
        text(&golden, &engine, &files, left_out, normed);
        network(&golden, &engine, &files);
        autoencoder(&golden, &engine, &files);
        let model = PictureModel::load(&files, name, engine.clone()).unwrap();
        assert_eq!(model.card().family, family, "{name}");
        walk(&golden, &model);
        let worst = golden.worst.borrow();
        let columns = ["text", "network", "autoencoder", "loop", "picture"].map(|part| format!("{:.1e}", worst[part]));
        writeln!(table, "| {name} | {} |", columns.join(" | ")).unwrap();
    }
    println!("{table}");
}

fn paint(model: &PictureModel, request: &Request, source: &Source) -> Result<Image, PaintError> {
    model.paint(request, source, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_model_that_edits_needs_a_picture_and_keeps_it_as_told() {
    let model = model("sd1-edit");
    let (mut request, source) = request(&Golden::open("sd1-edit"));
    let kept = paint(&model, &request, &source).unwrap();
    request.image_guidance = Some(4.0);
    assert_ne!(paint(&model, &request, &source).unwrap(), kept);
    request.image_guidance = Some(-1.0);
    let error = paint(&model, &request, &source).unwrap_err().to_string();
    assert!(error.contains("the image guidance cannot be \"-1\""), "{error}");
    (request.image_guidance, request.init) = (None, None);
    let error = paint(&model, &request, &Source::default()).unwrap_err().to_string();
    assert!(error.contains("edits a picture, and there is none"), "{error}");
}

#[test]
fn a_model_that_fills_masks_paints_whole_pictures_too() {
    let model = model("sd1-inpainting");
    let (mut request, source) = request(&Golden::open("sd1-inpainting"));
    let (init, mask) = (source.init.as_ref().unwrap(), source.mask.as_ref().unwrap());
    let filled = paint(&model, &request, &source).unwrap();
    for (index, &coverage) in mask.coverage.iter().enumerate() {
        let pixel = 3 * index..3 * index + 3;
        assert!(coverage > 0 || filled.rgb[pixel.clone()] == init.rgb[pixel], "pixel {index} is kept");
    }
    (request.init, request.mask) = (None, None);
    let whole = paint(&model, &request, &Source::default()).unwrap();
    assert_ne!(whole, filled);
}

#[test]
fn clip_skip_beyond_the_layers_is_refused() {
    let model = model("sd2");
    let (mut request, source) = request(&Golden::open("sd2"));
    let own = paint(&model, &request, &source).unwrap();
    // The file of a Stable Diffusion 2 lacks the last layer: reading the second to last is its own choice.
    for (clip_skip, same) in [(1, true), (2, true), (3, false), (5, false)] {
        request.clip_skip = Some(clip_skip);
        assert_eq!(paint(&model, &request, &source).unwrap() == own, same, "{clip_skip}");
    }
    request.clip_skip = Some(6);
    let error = paint(&model, &request, &source).unwrap_err();
    assert!(matches!(error, PaintError::ClipSkip { found: 6, layers: 5 }), "{error}");
    for clip_skip in [0, u32::MAX] {
        request.clip_skip = Some(clip_skip);
        let error = paint(&model, &request, &source).unwrap_err();
        assert!(matches!(error, PaintError::Parameter(_)), "{error}");
    }
}
