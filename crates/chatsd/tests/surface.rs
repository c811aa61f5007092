//! What the program says: help, prompts, wrong usage, settings, languages.

mod common;

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
    time::Instant,
};

use common::Home;

#[test]
fn help_is_on_stdout_in_both_languages() {
    let home = Home::new();
    let help = home.run(&["--help"]).ok();
    assert!(help.stdout.contains("gallery") && help.stdout.contains("Usage") && help.stderr.is_empty());
    let chinese = home.run(&["--lang", "zh", "--help"]).ok();
    assert!(chinese.stdout.contains("用法") && chinese.stdout.contains("图库"), "{}", chinese.stdout);
    let by_locale = home.command(&["paint", "--help"]).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
    assert!(String::from_utf8(by_locale.stdout).unwrap().contains("采样步数"));
    for command in ["paint", "write", "again", "gallery", "models", "styles", "bench", "doctor", "completions"] {
        assert!(home.run(&[command, "--help"]).ok().stdout.contains("Usage"), "{command}");
        assert!(home.run(&["--lang=zh", command, "--help"]).ok().stdout.contains("用法"), "{command}");
    }
    assert_eq!(home.run(&[]).code, Some(2));
}

#[test]
fn write_gives_different_prompts_with_the_users_words() {
    let home = Home::new();
    let run = home.run(&["write", "logo of cat, cute, happy", "-n", "9", "--seed", "3", "--json"]).ok();
    let events = run.events();
    assert_eq!(events[0]["event"], "understood");
    assert_eq!(events[0]["idea"]["subject"], "logo of cat, cute, happy");
    let mut styles: Vec<&str> = events[1..].iter().map(|event| event["prompt"]["style"].as_str().unwrap()).collect();
    assert_eq!(styles.len(), 9);
    styles.sort_unstable();
    styles.dedup();
    assert_eq!(styles.len(), 9, "nine different styles");
    for event in &events[1..] {
        assert!(event["prompt"]["positive"].as_str().unwrap().contains("logo of cat, cute, happy"), "{event}");
        assert!(event["tokens"]["tokens"].as_u64().unwrap() > 3);
    }
    assert_eq!(run.stdout, home.run(&["write", "logo of cat, cute, happy", "--seed", "3", "--json"]).ok().stdout);
    let chinese = home.run(&["write", "可爱的小猫标志,开心,微笑", "-n", "1"]).ok();
    assert!(chinese.stdout.contains("kitten") || chinese.stdout.contains("cat"), "{}", chinese.stdout);
    assert!(!home.path().join("images").exists(), "writing paints nothing");
}

#[test]
fn write_follows_styles_negative_and_wildcards() {
    let home = Home::new();
    fs::create_dir(home.path().join("lists")).unwrap();
    fs::write(home.path().join("lists/animal.txt"), "# animals\nowl\n").unwrap();
    let arguments = [
        "write",
        "a __animal__, no hats",
        "-n",
        "2",
        "--styles",
        "3d,扁平",
        "--negative",
        "blood",
        "--wildcards",
        "lists",
    ];
    let run = home.run(&[&arguments[..], &["--json"]].concat()).ok();
    let prompts: Vec<_> = run.events()[1..].iter().map(|event| event["prompt"].clone()).collect();
    assert_eq!((prompts[0]["style"].as_str(), prompts[1]["style"].as_str()), (Some("3d"), Some("flat")));
    for prompt in prompts {
        assert!(prompt["positive"].as_str().unwrap().contains("owl"), "{prompt}");
        let negative = prompt["negative"].as_str().unwrap();
        assert!(negative.contains("blood") && negative.contains("hats"), "{prompt}");
    }
    let all = home.run(&["write", "cat", "--all-styles"]).ok();
    assert_eq!(all.stdout.lines().count(), 9);
}

#[test]
fn wrong_usage_says_what_is_expected_and_paints_nothing() {
    let home = Home::new();
    fs::write(home.path().join("text.png"), "no picture").unwrap();
    let long = "cat ".repeat(260_000);
    for (arguments, code, expected) in [
        (&["cat", "--size", "0x0"][..], 2, "nearest"),
        (&["cat", "--size", "513"], 2, "512x512"),
        (&["cat", "--size", "100000x100000"], 2, "512x512"),
        (&["cat", "--size", "big"], 2, "WIDTHxHEIGHT"),
        (&["cat", "-n", "0"], 2, "1 to 999"),
        (&["cat", "--steps", "0"], 2, "1 to 1000"),
        (&["cat", "--guidance", "nan"], 2, "0 to 100"),
        (&["cat", "--strength", "1.5", "--init", "x.png"], 2, "0 to 1"),
        (&["cat", "--strength", "0.5"], 2, "--init"),
        (&["cat", "--mask", "x.png"], 2, "--init"),
        (&["cat", "--control", "canny"], 2, "NAME=IMAGE"),
        (&["cat", "--extend", "left=8"], 2, "--init"),
        (&["cat", "--init", "x.png", "--extend", "up=8"], 2, "left=64"),
        (&["cat", "--only-masked"], 2, "--mask gives one"),
        (&["cat", "--hires-steps", "3"], 2, "--hires asks for one"),
        (&["cat", "--hires", "0.5"], 2, "1 to 16"),
        (&["cat", "--hires", "33x33"], 2, "nearest"),
        (&["cat", "--hires", "2", "--hires-strength", "2"], 2, "0 to 1"),
        (&["cat", "--sampler", "ddpm"], 2, "dpm++ 2m"),
        (&["cat", "--styles", "watercolr"], 2, "watercolor"),
        (&["cat", "--columns", "0"], 2, "at least 1"),
        (&["cat", "--model", "nowhere"], 1, "nowhere"),
        (&["cat", "--init", "nowhere.png"], 1, "nowhere.png"),
        (&["cat", "--init", "text.png"], 1, "PNG"),
        (&["cat", "--wildcards", "nowhere"], 2, "nowhere"),
        (&["cat", "--stepz", "3"], 2, "--steps"),
        (&["a {b"], 2, "column 3"),
        (&[""], 2, "empty"),
        (&["\u{1}\u{2}"], 2, "empty"),
        (&["again", "text.png"], 1, "PNG"),
        (&["again", "nothing"], 1, "nothing"),
        (&["gallery", "list"], 1, "images"),
        (&["styles", "show", "flatt"], 2, "flat"),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}: {}", run.stdout);
    }
    // The system takes no argument of a megabyte, a config file does.
    let too_long = home.command(&["write", "--input"]).arg(&long[..120_000]).output().unwrap();
    assert_eq!(too_long.status.code(), Some(2));
    assert!(String::from_utf8(too_long.stderr).unwrap().contains("4000"));
    assert!(!home.path().join("images").exists(), "nothing was begun");
}

#[test]
fn wrong_usage_is_said_in_chinese_too() {
    let home = Home::new();
    for (arguments, expected) in [
        (&["cat", "--size", "513"][..], "最接近的是 512x512"),
        (&["cat", "--stepz", "3"], "没有参数"),
        (&["cat", "--steps", "x"], "不能是"),
        (&[""], "句子是空的"),
        (&["cat", "--styles", "watercolr"], "没有风格"),
        (&["a {b"], "第 3 列：这个 { 没有 }"),
        (&["cat", "--strength", "0.5"], "没有起始图片"),
        (&["cat", "--wildcards", "nowhere"], "不是文件夹"),
    ] {
        let run = home.run(&[&["--lang", "zh"], arguments].concat());
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(expected) && run.stderr.contains("错误"), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn settings_come_from_file_environment_and_flags_and_doctor_says_which() {
    let home = Home::new();
    fs::write(home.path().join("my.toml"), "count = 2\nsteps = 5\nlang = \"zh\"\n").unwrap();
    let mut command = home.command(&["doctor", "--threads", "1", "--json"]);
    command.env("CHATSD_CONFIG", "my.toml").env("CHATSD_STEPS", "6");
    let run = common::Run::of(command.output().unwrap()).ok();
    let events = run.events();
    let setting = |name: &str| {
        let event = events.iter().find(|event| event["found"] == "setting" && event["name"] == name).unwrap();
        (event["value"].as_str().unwrap().to_owned(), event["set_by"].as_str().unwrap().to_owned())
    };
    assert_eq!(setting("count"), ("2".into(), "file".into()));
    assert_eq!(setting("steps"), ("6".into(), "environment".into()));
    assert_eq!(setting("threads"), ("1".into(), "flag".into()));
    assert_eq!(setting("sampler").1, "default");
    for found in ["machine", "memory", "terminal", "config", "styles", "wildcards", "gallery", "writable", "model"] {
        assert!(events.iter().any(|event| event["found"] == found), "{found}");
    }
    let write = home.command(&["write", "cat"]).env("CHATSD_CONFIG", "my.toml").output().unwrap();
    assert_eq!(String::from_utf8(write.stdout).unwrap().lines().count(), 2, "the file's count acts");

    fs::write(home.path().join("my.toml"), "coumt = 2\n").unwrap();
    let wrong = home.command(&["write", "cat"]).env("CHATSD_CONFIG", "my.toml").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("count"));
}

#[test]
fn doctor_finds_what_is_wrong_with_what_was_brought_along() {
    let home = Home::new();
    fs::create_dir_all(home.path().join("data/chatsd")).unwrap();
    fs::write(home.path().join("data/chatsd/styles.csv"), "no,such\n\"").unwrap();
    fs::write(home.path().join("file"), "in the way").unwrap();
    let run = home.run(&["doctor", "--out", "file/below", "--json"]);
    assert_eq!(run.code, Some(1), "{}{}", run.stdout, run.stderr);
    for found in ["styles", "writable"] {
        let event = run.events().into_iter().find(|event| event["found"] == found).unwrap();
        assert!(event["trouble"].is_string(), "{event}");
    }
    assert!(!home.path().join("file/below").exists());
}

#[test]
fn the_token_meter_is_shown() {
    let home = Home::new();
    for arguments in [&["write", "cat", "-n", "1"][..], &["cat", "-n", "1", "--dry-run"]] {
        let line = home.run(arguments).ok().stdout;
        assert!(line.contains("/30]"), "{line}");
    }
    let chinese = home.run(&["--lang", "zh", "cat", "-n", "1", "--dry-run"]).ok().stdout;
    assert!(chinese.contains("引导强度"), "{chinese}");
}

#[test]
fn a_reader_who_leaves_is_no_failure() {
    let home = Home::new();
    let mut child =
        home.command(&["write", "cat", "-n", "900"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(line.starts_with('1'), "{line}");
}

#[test]
fn styles_are_exported_and_imported() {
    let home = Home::new();
    let exported = home.run(&["styles", "export"]).ok();
    assert!(exported.stdout.starts_with("name,prompt,negative_prompt"), "{}", &exported.stdout[..80]);
    fs::write(home.path().join("mine.csv"), "name,prompt,negative_prompt\nneon night,\"{prompt}, neon night\",day\n")
        .unwrap();
    home.run(&["styles", "import", "mine.csv"]).ok();
    assert!(home.run(&["styles", "show", "neon night"]).ok().stdout.contains("neon night"));
    let written = home.run(&["write", "cat", "-n", "1", "--styles", "neon night"]).ok();
    assert!(written.stdout.contains("cat, neon night") && written.stdout.contains("day"), "{}", written.stdout);
    home.run(&["styles", "export", "all.csv"]).ok();
    assert!(fs::read_to_string(home.path().join("all.csv")).unwrap().contains("neon night"));
    let own = home.run(&["styles", "list"]).ok().stdout.lines().count();
    let all = home.run(&["styles", "list", "--all"]).ok().stdout.lines().count();
    assert!(own >= 9 && all >= 80 && own < all, "{own} of {all}");
}

#[test]
fn the_built_in_model_is_listed() {
    let home = Home::new();
    let models = home.run(&["models", "list", "--json"]).ok().events();
    assert_eq!(models.len(), 1);
    assert_eq!((models[0]["name"].as_str(), models[0]["family"].as_str()), (Some("pocket"), Some("pocket")));
    assert_eq!(models[0]["hash"].as_str().unwrap().len(), 10);
    assert!(home.run(&["models", "show"]).ok().stdout.contains("Apache-2.0"));
    assert!(home.run(&["completions", "bash"]).ok().stdout.contains("chatsd"));
}

#[test]
fn starting_is_quick() {
    let home = Home::new();
    let fastest = |arguments: &[&str]| {
        let times = (0..5).map(|_| {
            let begun = Instant::now();
            home.run(arguments).ok();
            begun.elapsed()
        });
        times.min().unwrap()
    };
    // The promise is 20 and 50 ms for a release build on an idle machine. This is the dev build on whatever machine
    // there is: what can be held is that neither loads a network, told by the time of one that does.
    let paints = fastest(&["cat", "-n", "1", "--steps", "1"]);
    let (helps, writes) = (fastest(&["--help"]), fastest(&["write", "cat", "-n", "16"]));
    assert!(4 * helps < paints && 2 * writes < paints, "help {helps:?}, prompts {writes:?}, a picture {paints:?}");
}
