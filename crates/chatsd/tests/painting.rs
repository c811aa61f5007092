//! Painting with the built-in model, few steps each: what is written, shown, kept, and made again.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use chatsd_gallery::{encode_png, read_image, read_metadata, read_request};
use chatsd_types::{Image, Preprocessor, Size};
use common::{Home, Run};
use serde_json::Value;

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[test]
fn a_sentence_becomes_pictures_and_a_sheet() {
    let home = Home::new();
    let run = home.run(&["logo of cat, cute", "-n", "3", "--steps", "2", "--seed", "5"]).ok();
    let paths = run.paths(&home);
    assert_eq!(paths.len(), 4, "{}", run.stdout);
    assert!(paths[3].ends_with("sheet.png") && paths[0].parent() == paths[3].parent());
    let folder = paths[0].parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    assert!(folder.ends_with("logo-of-cat-cute"), "{folder}");
    for path in &paths[..3] {
        assert_eq!(read_image(path).unwrap().size, Size { width: 128, height: 128 });
        read_metadata(path).unwrap();
    }
    assert!(read_image(&paths[3]).unwrap().size.width > 512, "two columns at twice the size");
    assert!(run.stderr.contains("pocket") && run.stderr.contains("3/3"), "{}", run.stderr);
    assert!(!run.stderr.contains('\x1b'), "no colour and no pictures where there is no terminal");
    let quiet = home.run(&["cat", "-n", "1", "--steps", "1", "--quiet"]).ok();
    assert!(quiet.stderr.is_empty() && quiet.stdout.lines().count() == 2, "{}", quiet.stderr);
}

#[test]
fn the_flags_of_the_original_work() {
    let home = Home::new();
    let arguments =
        ["--input", "cat", "--grid_rows", "2", "--grid_cols", "3", "--image_output_dir", "pictures", "--steps", "1"];
    let run = home.run(&arguments).ok();
    let paths = run.paths(&home);
    assert_eq!(paths.len(), 7);
    assert!(paths.iter().all(|path| path.starts_with(home.path().join("pictures")) && path.is_file()));
    let sheet = read_image(&paths[6]).unwrap().size;
    assert!(sheet.width > sheet.height, "three columns, two rows: {sheet}");
}

#[test]
fn every_event_is_a_line_of_json() {
    let home = Home::new();
    let run = home.run(&["cat", "-n", "2", "--steps", "2", "--seed", "1", "--json"]).ok();
    let events = run.events();
    assert_eq!(
        kinds(&events),
        [
            "planned",
            "started",
            "step",
            "step",
            "painted",
            "kept",
            "started",
            "step",
            "step",
            "painted",
            "kept",
            "sheet_done"
        ]
    );
    let requests = events[0]["plan"]["requests"].as_array().unwrap();
    assert_eq!((requests[0]["seed"].as_u64(), requests[1]["seed"].as_u64()), (Some(1), Some(2)));
    assert_eq!(events[5]["entry"]["number"], 1);
    assert!(home.path().join(events[5]["path"].as_str().unwrap()).is_file());
    assert!(events[3]["left_seconds"].as_f64().unwrap() >= 0.0);
    let second = home.run(&["cat", "-n", "2", "--steps", "2", "--json"]).ok();
    assert!(second.events()[0]["expected_seconds"].as_f64().unwrap() > 0.0, "the pace is remembered");
}

#[test]
fn every_flag_reaches_the_request() {
    let home = Home::new();
    let flags = "--size 64x96 --steps 7 --sampler heun --schedule karras --guidance 2.5 --guidance-rescale 0.25 --noise gpu --seed 11";
    let run = home
        .run(&[&["cat", "-n", "1", "--dry-run", "--json"], &flags.split(' ').collect::<Vec<_>>()[..]].concat())
        .ok();
    let request = run.events()[0]["plan"]["requests"][0].clone();
    assert_eq!(request["size"], serde_json::json!({ "width": 64, "height": 96 }));
    for (key, value) in [("sampler", "heun"), ("schedule", "karras"), ("noise", "gpu"), ("model", "pocket")] {
        assert_eq!(request[key], value);
    }
    for (key, value) in [("steps", 7.0), ("guidance", 2.5), ("guidance_rescale", 0.25), ("seed", 11.0)] {
        assert_eq!(request[key].as_f64(), Some(value), "{key}");
    }
    assert!(!home.path().join("images").exists(), "only planned");
    assert_eq!(home.run(&["five pictures of a cat, 64x64", "--dry-run"]).ok().stdout.lines().count(), 5);
    assert!(home.run(&["five pictures of a cat, 64x64", "--dry-run"]).ok().stdout.contains("64x64"));
}

#[test]
fn again_makes_the_same_bytes_of_each_in_any_order_and_from_anywhere() {
    let home = Home::new();
    let painted = home.run(&["cat", "-n", "9", "--steps", "3", "--seed", "9"]).ok().paths(&home);
    for path in painted[..9].iter().rev() {
        let again = home.run(&["again", path.to_str().unwrap(), "--json"]).ok().events();
        let compared = again.iter().find(|event| event["event"] == "compared").unwrap();
        assert_eq!(compared["same_bytes"], true, "{compared}");
    }
    let elsewhere = Home::new();
    fs::copy(&painted[1], elsewhere.path().join("copy.png")).unwrap();
    let run = elsewhere.run(&["again", "copy.png"]).ok();
    assert!(run.stderr.contains("Every byte is the same"), "{}", run.stderr);
    assert_eq!(fs::read(&run.paths(&elsewhere)[0]).unwrap(), fs::read(&painted[1]).unwrap());
}

/// The kernel's own account of the most memory a process ever held.
#[test]
#[cfg(target_os = "linux")]
fn a_sheet_of_nine_takes_little_memory() {
    let home = Home::new();
    let mut child = home.command(&["cat", "--steps", "2", "--quiet"]).stdout(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok());
        most = kilobytes.unwrap_or(0).max(most);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    // 90 MB in a release build.
    assert!((45_000..150_000).contains(&most), "{most} kB at most, expected 45 to 150 MB");
}

#[test]
fn again_varies_what_it_is_told_to() {
    let home = Home::new();
    home.run(&["cat", "-n", "1", "--steps", "2", "--seed", "9"]).ok();
    let varied = home.run(&["again", "1", "--set", "seed=10", "--set", "style=3d", "--json"]).ok().events();
    let kept = &varied.iter().find(|event| event["event"] == "kept").unwrap()["entry"];
    assert_eq!((kept["request"]["seed"].as_u64(), kept["request"]["prompt"]["style"].as_str()), (Some(10), Some("3d")));
    assert_eq!(kept["request"]["prompt"]["positive"], "cat, 3d style");
    assert_eq!(kept["parents"].as_array().unwrap().len(), 1);
    for (change, expected) in [
        ("color=red", "guidance_rescale"),
        ("steps=many", "many"),
        ("size=5", "nearest"),
        ("strength=0.5", "starting picture"),
    ] {
        let run = home.run(&["again", "1", "--set", change]);
        assert_eq!(run.code, Some(2), "{change}");
        assert!(run.stderr.contains(expected), "{change}: {}", run.stderr);
    }
}

#[test]
fn the_bytes_do_not_depend_on_threads() {
    let home = Home::new();
    let paint = |threads: &str| {
        let arguments = ["cat", "-n", "2", "--steps", "2", "--seed", "4", "--out", threads, "--threads", threads];
        let paths = home.run(&arguments).ok().paths(&home);
        paths.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>()
    };
    let one = paint("1");
    assert!(one == paint("2") && one == paint("4"), "pictures differ with the number of threads");
}

#[test]
fn instructions_and_store_act() {
    let home = Home::new();
    let paint = |flags: &[&str]| {
        let arguments = ["cat", "-n", "1", "--steps", "2", "--seed", "4", "--json"];
        let run = home.run(&[&arguments[..], flags].concat()).ok();
        let events = run.events();
        let path = events.iter().find(|event| event["event"] == "kept").unwrap()["path"].as_str().unwrap().to_owned();
        read_image(&home.path().join(path)).unwrap()
    };
    let usual = paint(&[]);
    for flags in [&["--instructions", "portable"][..], &["--store", "f32"], &["--store", "f16"], &["--store", "q8_0"]] {
        let other = paint(flags);
        let worst = usual.rgb.iter().zip(&other.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(worst <= 12, "{flags:?} differs by {worst} of 255");
    }
    assert_ne!(paint(&["--store", "f16"]), usual, "half precision rounds what blocks of 8 bits hold");
    // In full precision the blocks hold the same numbers: what tells is the memory they take.
    let bytes = |store: &str| {
        let planned = home.run(&["cat", "--store", store, "--dry-run", "--json"]).ok().events();
        planned[0]["expected_bytes"].as_u64().unwrap()
    };
    assert!(bytes("f32") > bytes("f16") + 20_000_000 && bytes("f16") > bytes("q8_0") + 10_000_000);
    let doctor = home.run(&["doctor", "--instructions", "portable", "--threads", "1", "--json"]).events();
    let machine = doctor.iter().find(|fact| fact["found"] == "machine").unwrap();
    assert_eq!((machine["instructions"].as_str(), machine["threads"].as_u64()), (Some("portable"), Some(1)));
    assert_eq!(home.run(&["cat", "--instructions", "neon"]).code, Some(2));
}

#[test]
fn a_starting_picture_and_a_mask_are_used_and_found_again() {
    let home = Home::new();
    let write =
        |name: &str, image: &Image| fs::write(home.path().join(name), encode_png(image, None).unwrap()).unwrap();
    write("red.png", &Image::filled(Size { width: 100, height: 60 }, [220, 20, 20]));
    let mut mask = Image::filled(Size { width: 128, height: 128 }, [0; 3]);
    mask.rgb[..3 * 128 * 64].fill(255);
    write("mask.png", &mask);
    let arguments = [
        "cat",
        "-n",
        "1",
        "--steps",
        "4",
        "--seed",
        "2",
        "--init",
        "red.png",
        "--mask",
        "mask.png",
        "--strength",
        "0.9",
    ];
    let path = home.run(&arguments).ok().paths(&home)[0].clone();
    let image = read_image(&path).unwrap();
    let below = image.pixel(64, 120);
    assert!(below[0] > 180 && below[1] < 70, "black in the mask keeps the starting picture: {below:?}");
    assert_ne!(image.pixel(64, 20), below, "white is painted anew");
    fs::remove_file(home.path().join("red.png")).unwrap();
    let again = home.run(&["again", path.to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    let stranger = Home::new();
    let lost = stranger.run(&["again", path.to_str().unwrap()]);
    assert!(lost.code == Some(1) && lost.stderr.contains("--init"), "{}", lost.stderr);
}

#[test]
fn a_part_is_painted_alone_and_put_back() {
    let home = Home::new();
    let red = Image::filled(Size { width: 200, height: 150 }, [220, 20, 20]);
    home.write("red.png", &red);
    let mut mask = Image::filled(red.size, [0; 3]);
    for y in 40..80 {
        mask.rgb[3 * (y * 200 + 30)..3 * (y * 200 + 70)].fill(255);
    }
    home.write("mask.png", &mask);
    let flags = "cat -n 1 --steps 3 --seed 2 --init red.png --mask mask.png --only-masked --mask-blur 2 \
                 --mask-padding 10 --mask-fill original --strength 1";
    let path = home.run(&flags.split_whitespace().collect::<Vec<_>>()).ok().paths(&home)[0].clone();
    let image = read_image(&path).unwrap();
    assert_eq!(image.size, red.size, "the whole picture is kept");
    let differs = |x, y| image.pixel(x, y) != red.pixel(x, y);
    assert!((0..150).all(|y| (0..200).all(|x| !differs(x, y) || ((24..76).contains(&x) && (34..86).contains(&y)))));
    assert!((45..75).flat_map(|y| (35..65).map(move |x| (x, y))).filter(|&(x, y)| differs(x, y)).count() > 500);
    let request = read_request(&path).unwrap();
    assert_eq!((request.masking.only_masked, request.masking.padding, request.size.width), (true, 10, 128));
    let again = home.run(&["again", path.to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
}

#[test]
fn a_picture_is_painted_on_beyond_its_edges() {
    let home = Home::new();
    let red = Image::filled(Size { width: 64, height: 64 }, [220, 20, 20]);
    home.write("red.png", &red);
    let flags = "cat -n 1 --steps 3 --seed 2 --init red.png --extend left=32,top=32 --mask-blur 2";
    let path = home.run(&flags.split_whitespace().collect::<Vec<_>>()).ok().paths(&home)[0].clone();
    let image = read_image(&path).unwrap();
    assert_eq!(image.size, Size { width: 96, height: 96 });
    assert!((42..96).all(|y| (42..96).all(|x| image.pixel(x, y) == [220, 20, 20])), "what was there stays");
    assert!((0..30).any(|y| (0..30).any(|x| image.pixel(x, y)[1] > 60)), "what is new is painted");
    let again = home.run(&["again", path.to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
}

#[test]
fn a_second_pass_paints_larger_and_again_does_it_again() {
    let home = Home::new();
    let flags = "cat -n 1 --steps 2 --seed 2 --size 64x64 --hires 1.5 --hires-steps 1 --hires-upscaler lanczos";
    let run = home.run(&flags.split_whitespace().collect::<Vec<_>>()).ok();
    let path = run.paths(&home)[0].clone();
    assert_eq!(read_image(&path).unwrap().size, Size { width: 96, height: 96 });
    let again = home.run(&["again", path.to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    let varied = home.run(&["again", path.to_str().unwrap(), "--set", "hires=2", "--set", "hires_strength=0"]).ok();
    assert_eq!(read_image(&varied.paths(&home)[0]).unwrap().size, Size { width: 128, height: 128 });
}

#[test]
fn a_picture_is_made_larger_and_again_makes_it_again() {
    let home = Home::new();
    let painted = home.run(&["cat", "-n", "1", "--steps", "1", "--size", "64x32", "--seed", "3"]).ok();
    let path = painted.paths(&home)[0].clone();
    let upscaler =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../chatsd-diffusion/tests/goldens/networks/small-upscaler.safetensors");
    home.copy(upscaler, "data/chatsd/models/upscale_models/small-upscaler.safetensors");
    for (flags, width) in [(&[][..], 128), (&["--scale", "1.5"], 96), (&["--upscaler", upscaler], 256)] {
        let run = home.run(&[&["upscale", path.to_str().unwrap()], flags].concat()).ok();
        let larger = run.paths(&home)[0].clone();
        assert_eq!(read_image(&larger).unwrap().size, Size { width, height: width / 2 });
        let request = read_request(&larger).unwrap();
        assert_eq!((request.seed, request.prompt.own.as_str(), request.strength), (3, "cat", 0.0));
        assert!(!request.second_pass.unwrap().upscaler.contains('/'), "no path is told");
        let again = home.run(&["again", larger.to_str().unwrap()]).ok();
        assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    }
    let hires = home
        .run(&["cat", "-n", "1", "--steps", "1", "--size", "32", "--hires", "2", "--hires-upscaler", upscaler])
        .ok();
    assert_eq!(read_image(&hires.paths(&home)[0]).unwrap().size, Size { width: 64, height: 64 });
    home.write("plain.png", &Image::filled(Size { width: 7, height: 5 }, [9; 3]));
    let run = home.run(&["upscale", "plain.png", "--json"]).ok();
    let events = run.events();
    let kept = events.iter().find(|event| event["event"] == "kept").unwrap();
    assert_eq!(kept["entry"]["parents"].as_array().unwrap().len(), 1);
    for (arguments, code, expected) in [
        (&["upscale", "plain.png", "--upscaler", "nowhere"][..], 1, "nowhere"),
        (&["upscale", "plain.png", "--scale", "20000x9"], 2, "16384"),
        (&["upscale", "plain.png", "--upscaler", "plain.png"], 1, "plain.png"),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}

#[test]
fn a_picture_is_followed_and_again_follows_it_again() {
    let home = Home::new();
    let goldens = concat!(env!("CARGO_MANIFEST_DIR"), "/../chatsd-diffusion/tests/goldens/sampling");
    for file in ["config.json", "diffusion_pytorch_model.safetensors"] {
        let from = format!("{goldens}/tiny-control/{file}");
        home.copy(&from, &format!("data/chatsd/models/controlnet/my-canny/{file}"));
    }
    let mut photo = Image::filled(Size { width: 40, height: 30 }, [20; 3]);
    photo.rgb[..3 * 40 * 15].fill(230);
    home.write("photo.png", &photo);
    let model = format!("{goldens}/tiny");
    let paint = |control: &[&str]| {
        let plain = ["cat", "-n", "1", "--steps", "2", "--seed", "2", "--size", "16", "--model", &model];
        home.run(&[&plain, control].concat()).ok().paths(&home)[0].clone()
    };
    let plain = paint(&[]);
    let path = paint(&["--control", "my-canny=photo.png,weight=0.9,to=0.6"]);
    assert_ne!(read_image(&plain).unwrap().rgb, read_image(&path).unwrap().rgb);
    let control = read_request(&path).unwrap().controls.remove(0);
    assert_eq!((control.name.as_str(), control.preprocessor, control.weight), ("my-canny", Preprocessor::Canny, 0.9));
    assert_eq!((control.hash.len(), control.image.len(), control.end), (10, 64, 0.6));
    fs::remove_file(home.path().join("photo.png")).unwrap();
    let again = home.run(&["again", path.to_str().unwrap(), "--model", &model]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    for (control, expected) in [("my-canny=photo.png", "photo.png"), ("my-cany=x.png", "x.png")] {
        let run = home.run(&["cat", "--control", control]);
        assert!(run.code == Some(1) && run.stderr.contains(expected), "{}", run.stderr);
    }
    home.write("photo.png", &photo);
    let other = home.run(&["cat", "-n", "1", "--control", "my-canny=photo.png"]);
    assert!(other.stderr.contains("another family"), "{}", other.stderr);
}

#[test]
fn a_picture_is_looked_at_and_again_looks_at_it_again() {
    let home = Home::new();
    let goldens = concat!(env!("CARGO_MANIFEST_DIR"), "/../chatsd-diffusion/tests/goldens");
    let model = format!("{goldens}/sampling/tiny");
    home.write("face.png", &Image::filled(Size { width: 40, height: 30 }, [220, 40, 20]));
    home.write("other.png", &Image::filled(Size { width: 30, height: 40 }, [10, 40, 220]));
    let arguments = |image: &str| {
        let prompt = format!("--image-prompt=my-ip={image}.png,weight=0.8");
        ["cat", "-n", "1", "--steps", "2", "--seed", "2", "--size", "16", "--model", &model, &prompt].map(String::from)
    };
    let run = |image: &str| home.run(&arguments(image).each_ref().map(String::as_str));
    assert!(run("face").stderr.contains("my-ip"), "there is no such file yet");
    home.copy(
        &format!("{goldens}/networks/small-ip-adapter.safetensors"),
        "data/chatsd/models/ipadapter/my-ip.safetensors",
    );
    let without = run("face");
    assert!(without.code != Some(0) && without.stderr.contains("image encoder"), "{}", without.stderr);
    let encoder = "data/chatsd/models/clip_vision/image_encoder.safetensors";
    home.copy(&format!("{goldens}/networks/small-image-encoder.safetensors"), encoder);
    let [path, other] = ["face", "other"].map(|image| run(image).ok().paths(&home)[0].clone());
    assert_ne!(read_image(&path).unwrap().rgb, read_image(&other).unwrap().rgb);
    let prompt = read_request(&path).unwrap().image_prompts.remove(0);
    assert_eq!((prompt.name.as_str(), prompt.hash.len(), prompt.weight), ("my-ip", 10, 0.8));
    fs::remove_file(home.path().join("face.png")).unwrap();
    let again = home.run(&["again", path.to_str().unwrap(), "--model", &model]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
}

#[test]
fn pictures_are_traced_and_shown_when_asked() {
    let home = Home::new();
    let run = home.run(&["cat", "-n", "1", "--steps", "2", "--svg", "--show", "blocks"]).ok();
    let drawing = fs::read_to_string(run.paths(&home)[0].with_extension("svg")).unwrap();
    assert!(drawing.starts_with("<svg") && drawing.contains("<path"));
    assert!(run.stderr.contains('▀'));
    let again = home.run(&["again", run.paths(&home)[0].to_str().unwrap(), "--svg", "--quiet"]).ok();
    assert_eq!(fs::read_to_string(again.paths(&home)[0].with_extension("svg")).unwrap(), drawing);
    let id = home.run(&["gallery", "list", "--json"]).ok().events()[0]["id"].as_str().unwrap().to_owned();
    for (way, begins) in [("kitty", "\x1b_G"), ("iterm2", "\x1b]1337;"), ("sixel", "\x1bP")] {
        assert!(home.run(&["gallery", "show", &id, "--show", way]).ok().stderr.contains(begins), "{way}");
    }
}

#[test]
fn the_gallery_lists_finds_exports_and_removes() {
    let home = Home::new();
    home.run(&["可爱的小猫,开心", "-n", "2", "--steps", "1"]).ok();
    home.run(&["blue rocket", "-n", "1", "--steps", "1"]).ok();
    assert_eq!(home.run(&["gallery", "list", "--json"]).ok().events().len(), 3);
    assert_eq!(home.run(&["gallery", "list", "--limit", "1"]).ok().stdout.lines().count(), 1);
    assert_eq!(home.run(&["gallery", "search", "小猫"]).ok().stdout.lines().count(), 2);
    let rocket = home.run(&["gallery", "search", "rocket", "--json"]).ok().events();
    let id = rocket[0]["id"].as_str().unwrap();
    home.run(&["gallery", "export", &id[..8], "--to", "whole"]).ok();
    home.run(&["gallery", "export", id, "--to", "bare", "--strip"]).ok();
    let only = |folder: &str| fs::read_dir(home.path().join(folder)).unwrap().next().unwrap().unwrap().path();
    assert!(read_metadata(&only("whole")).is_ok() && read_metadata(&only("bare")).is_err());
    assert_eq!(read_image(&only("whole")).unwrap(), read_image(&only("bare")).unwrap());
    let stripped = home.run(&["again", only("bare").to_str().unwrap()]);
    assert!(stripped.code == Some(1) && stripped.stderr.contains("no request"), "{}", stripped.stderr);
    assert!(home.run(&["gallery", "remove", id]).ok().stderr.contains("--yes"));
    assert_eq!(home.run(&["gallery", "list"]).ok().stdout.lines().count(), 3);
    home.run(&["gallery", "remove", id, "--yes"]).ok();
    assert_eq!(home.run(&["gallery", "list"]).ok().stdout.lines().count(), 2);
    assert_eq!(home.run(&["gallery", "show", id]).code, Some(1));
}

#[test]
fn a_folder_that_cannot_be_written_is_said_before_painting() {
    let home = Home::new();
    fs::write(home.path().join("file"), "in the way").unwrap();
    for out in ["file", "file/below"] {
        let run = home.run(&["cat", "--steps", "1", "--out", out]);
        assert_eq!(run.code, Some(1));
        assert!(run.stderr.contains("file") && !run.stderr.contains("1/9"), "{}", run.stderr);
    }
    assert_eq!(fs::read_to_string(home.path().join("file")).unwrap(), "in the way");
}

#[test]
fn two_programs_share_a_gallery() {
    let home = Home::new();
    let start = |sentence| {
        home.command(&[sentence, "-n", "3", "--steps", "2"])
            .stderr(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let both = [start("cat"), start("cat")];
    for child in both {
        Run::of(child.wait_with_output().unwrap()).ok();
    }
    assert_eq!(home.run(&["gallery", "list", "--json"]).ok().events().len(), 6);
    assert_eq!(home.pictures().len(), 8, "three and a sheet each");
}

/// Starts a long sheet, waits until a picture is kept, and sends a signal.
#[cfg(unix)]
fn interrupted(home: &Home, signal: &str) -> Run {
    let mut child = home
        .command(&["cat", "-n", "9", "--steps", "60", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let kept = lines.by_ref().map_while(Result::ok).find(|line| line.contains("\"kept\""));
    assert!(kept.is_some(), "no picture was kept");
    // A step of the next picture is in hand.
    lines.by_ref().map_while(Result::ok).find(|line| line.contains("\"step\""));
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let stdout = lines.map_while(Result::ok).map(|line| line + "\n").collect();
    let output = child.wait_with_output().unwrap();
    Run { stdout, ..Run::of(output) }
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_what_is_finished_and_makes_its_sheet() {
    let home = Home::new();
    let run = interrupted(&home, "-INT");
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    let events = run.events();
    assert!(kinds(&events).ends_with(&["sheet_done", "stopped"]), "{:?}", kinds(&events));
    assert_eq!(events.last().unwrap()["finished"], 1);
    let pictures = home.pictures();
    assert!(pictures.len() == 2 && pictures[1].ends_with("sheet.png"), "{pictures:?}");
    assert_eq!(home.run(&["gallery", "list", "--json"]).ok().events().len(), 1);
}

#[test]
#[cfg(unix)]
fn a_kill_leaves_whole_entries_only() {
    let home = Home::new();
    let run = interrupted(&home, "-KILL");
    assert_eq!(run.code, None);
    let entries = home.run(&["gallery", "list", "--json"]).ok().events();
    assert_eq!(entries.len(), 1);
    for path in home.pictures() {
        read_image(&path).unwrap_or_else(|error| panic!("{error}"));
    }
    for entry in entries {
        assert!(home.path().join("images").join(Path::new(entry["path"].as_str().unwrap())).is_file());
    }
    home.run(&["doctor"]).ok();
    home.run(&["cat", "-n", "1", "--steps", "1"]).ok();
}
