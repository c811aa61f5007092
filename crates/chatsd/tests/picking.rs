//! Drafts, pictures that are picked and refined or varied, budgets of time and memory: with the built-in model.

mod common;

use chatsd_gallery::{Metadata, Origin, read_image, read_metadata};
use chatsd_types::Size;
use common::{Home, Run};

fn origin(path: &std::path::Path) -> Origin {
    match read_metadata(path).unwrap() {
        Metadata::Own(origin) => *origin,
        Metadata::Foreign(_) => panic!("{} is ours", path.display()),
    }
}

fn sheet(home: &Home) -> Vec<std::path::PathBuf> {
    let run = home.run(&["cat, cute", "-n", "2", "--steps", "2", "--size", "64x64", "--seed", "7"]).ok();
    run.paths(home)
}

#[test]
fn picked_pictures_are_refined_on_a_sheet_of_their_own() {
    let home = Home::new();
    let drafts = sheet(&home);
    let run = home.run(&["refine", "2", "1", "--steps", "4"]).ok();
    let refined = run.paths(&home);
    assert_eq!(refined.len(), 3, "{}", run.stdout);
    assert_ne!(refined[0].parent(), drafts[0].parent());
    for (refined, draft) in [(&refined[0], &drafts[1]), (&refined[1], &drafts[0])] {
        let (of, from) = (origin(refined), origin(draft));
        assert_eq!(of.request.size, Size { width: 128, height: 128 });
        assert_eq!((of.request.seed, &of.request.prompt), (from.request.seed, &from.request.prompt));
        assert_eq!((of.request.strength, of.parents.len()), (0.55, 1));
        let shown = home.run(&["gallery", "show", &of.parents[0], "--json"]).ok();
        assert!(shown.stdout.contains(&draft.file_name().unwrap().to_string_lossy().into_owned()));
    }
    // Everything needed is in the picture and the gallery.
    let again = home.run(&["again", refined[0].to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    let missing = home.run(&["refine", "9"]);
    assert!(missing.code == Some(1) && missing.stderr.contains("\"9\""), "{}", missing.stderr);
    let size = home.run(&["refine", "1", "--size", "100x100"]);
    assert!(size.code == Some(2) && size.stderr.contains("96x96"), "{}", size.stderr);
    // What it starts from counts, too, so that what it takes is known before it is begun.
    for command in ["refine", "vary"] {
        let small = home.run(&[command, "1", "--memory-limit", "1"]);
        assert!(small.code == Some(1) && small.stderr.contains("1 MB are free"), "{command}: {}", small.stderr);
    }
}

#[test]
fn a_picked_picture_is_varied() {
    let home = Home::new();
    let drafts = sheet(&home);
    let run = home.run(&["vary", "1", "-n", "2", "--strength", "0.3", "--seed", "5"]).ok();
    let varied = run.paths(&home);
    assert_eq!(varied.len(), 3, "{}", run.stdout);
    let (first, second, from) = (origin(&varied[0]), origin(&varied[1]), origin(&drafts[0]));
    let seeds = [&first, &second].map(|origin| origin.request.variation.map(|variation| variation.seed));
    assert_eq!(seeds, [Some(5), Some(6)]);
    assert_eq!((first.request.seed, first.request.size), (from.request.seed, from.request.size));
    let [a, b, old] = [&varied[0], &varied[1], &drafts[0]].map(|path| read_image(path).unwrap());
    assert!(a != b && a != old, "variations differ");
    let again = home.run(&["again", varied[1].to_str().unwrap()]).ok();
    assert!(again.stderr.contains("Every byte is the same"), "{}", again.stderr);
    let elsewhere = home.run(&["vary", "1", "--out", "nowhere"]);
    assert!(elsewhere.code == Some(1) && elsewhere.stderr.contains("nowhere"), "{}", elsewhere.stderr);
}

#[test]
fn drafts_are_said_and_full_pictures_asked_for() {
    let home = Home::new();
    let plan = |arguments: &[&str]| {
        let all = [&["cat", "-n", "2", "--dry-run", "--json"], arguments].concat();
        home.run(&all).ok().events().remove(0)
    };
    let drafted = plan(&["--draft"]);
    assert_eq!(drafted["plan"]["drafts"]["size"]["width"], 96);
    assert_eq!(drafted["plan"]["requests"][0]["steps"], 8);
    assert!(
        drafted["expected_seconds"].as_f64().unwrap() > 0.0 && drafted["expected_bytes"].as_u64().unwrap() > 1 << 20
    );
    for whole in [plan(&[]), plan(&["--full"])] {
        assert!(whole["plan"]["drafts"].is_null(), "the built-in model is fast as it is");
        assert_eq!(whole["plan"]["requests"][0]["size"]["width"], 128);
        assert!(whole["expected_seconds"].as_f64() > drafted["expected_seconds"].as_f64());
    }
    let said = home.run(&["cat", "-n", "2", "--draft", "--dry-run"]).ok();
    assert!(said.stderr.contains("chatsd refine"), "{}", said.stderr);
    let chinese = home.run(&["猫", "-n", "2", "--draft", "--dry-run", "--lang", "zh"]).ok();
    assert!(chinese.stderr.contains("草图"), "{}", chinese.stderr);
}

#[test]
fn what_there_is_no_memory_for_is_refused_before_anything_is_painted() {
    let home = Home::new();
    let run = home.run(&["cat", "-n", "1", "--steps", "1", "--memory-limit", "1"]);
    assert!(run.code == Some(1) && run.stderr.contains("1 MB are free"), "{}", run.stderr);
    assert!(home.pictures().is_empty());
}

#[test]
fn a_sweep_ends_with_its_time_and_says_what_was_left_out() {
    let home = Home::new();
    let arguments = ["cat", "--all-styles", "--minutes", "0.02", "--size", "64x64", "--json"];
    let run = home.run(&arguments).ok();
    let events = run.events();
    let planned = &events[0];
    let count = planned["plan"]["requests"].as_array().unwrap().len() as u64;
    let fits = planned["fits"].as_u64().unwrap();
    assert!(fits >= 1 && fits < count, "{fits} of {count}");
    let left = events.iter().find(|event| event["event"] == "left_out").unwrap();
    let (finished, styles) = (left["finished"].as_u64().unwrap(), left["styles"].as_array().unwrap().len() as u64);
    assert!(finished >= 1 && finished + styles == count, "{left}");
    assert_eq!(home.pictures().len() as u64, finished + 1, "what is finished, and the sheet");
    let Run { stderr, .. } = home.run(&["cat", "-n", "40", "--minutes", "0.02"]).ok();
    assert!(stderr.contains("fit into") && stderr.contains("not painted"), "{stderr}");
}
