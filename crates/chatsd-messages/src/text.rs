//! Everything that is said, in English and Chinese: one function for each message.

use std::fmt;

use crate::Lang;

/// Declares messages: each becomes a function of [`Lang`] that fills in the named words.
macro_rules! messages {
    ($($name:ident($($word:ident),*) = $english:literal, $chinese:literal;)*) => {
        impl Lang {
            $(#[allow(missing_docs, reason = "the message says it")]
            pub fn $name(self $(, $word: impl fmt::Display)*) -> String {
                match self { Self::En => format!($english), Self::Zh => format!($chinese) }
            })*
        }

        /// Every message: its name, in English, in Chinese.
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $chinese)),*];
    };
}

messages! {
    error() = "error", "错误";

    painting(count, model, size, steps) =
        "Painting {count} × {size} with {model}, {steps} steps each", "用 {model} 画 {count} 张 {size} 的图，每张 {steps} 步";
    about_seconds(seconds) = "about {seconds} s", "约 {seconds} 秒";
    time_unknown() = "time not known yet on this machine", "本机用时尚未测得";
    label_takes() = "a picture takes", "每张图需要";
    takes_at(takes, size, steps) = "{takes}, at {size} in {steps} steps", "{takes}（{size}，{steps} 步）";
    about_megabytes(megabytes) = "{megabytes} MB of memory", "内存 {megabytes} MB";
    drafts(size, steps, full_size, full_steps) =
        "Drafts first, {size} in {steps} steps, so that all are soon seen; chatsd refine 2 5 paints the ones you pick at {full_size} in {full_steps} steps, --full all of them at once",
        "先画草图（{size}，{steps} 步），好尽快看到全部；chatsd refine 2 5 把选中的画成 {full_size}、{full_steps} 步，--full 则一次画成";
    fits(fits, count, minutes) =
        "About {fits} of {count} pictures fit into {minutes} minutes", "{minutes} 分钟里大约能画 {count} 张中的 {fits} 张";
    left_out(count, styles) = "Time is up; not painted: {count} ({styles})", "时间到；没有画的：{count} 张（{styles}）";
    seed(seed) = "seed {seed}", "种子 {seed}";
    excluded(words) = "To be avoided: {words}", "画面中避免：{words}";
    step_of(number, count, style, step, steps) =
        "picture {number} of {count} ({style}), step {step} of {steps}", "第 {number}/{count} 张（{style}），第 {step}/{steps} 步";
    time_left(seconds) = "{seconds} s left", "还需 {seconds} 秒";
    painted(number, count, style, seconds) = "{number}/{count}  {style}  {seconds} s", "{number}/{count}  {style}  {seconds} 秒";
    no_style() = "no style", "无风格";
    done_in(count, folder) = "Finished: {count}, in {folder}", "完成 {count} 张，在 {folder}";
    stopped(finished, count, folder) =
        "Stopped: {finished} of {count} pictures are finished and kept in {folder}",
        "已停止：{count} 张中完成的 {finished} 张保存在 {folder}";
    stopped_early() = "Stopped before the first picture was finished: nothing was kept", "第一张完成前已停止：没有保存图片";
    stopping() = "Stopping after the step in hand; press Ctrl-C again to leave at once", "做完手上这一步就停；再按一次 Ctrl-C 立即退出";
    nothing_painted() = "Only planned, nothing painted", "仅计划，未作画";

    recovered(count, folder) =
        "Pictures in {folder} without a record, taken up again: {count}", "{folder} 中 {count} 张没有记录的图片已重新登记";

    again_same(path) = "Every byte is the same as in {path}", "与 {path} 的每个字节都相同";
    again_same_pixels(path) = "Every pixel is the same as in {path}", "与 {path} 的每个像素都相同";
    again_differs(path, pixels) = "{pixels} pixels differ from {path}", "与 {path} 有 {pixels} 个像素不同";

    label_file() = "file", "文件";
    label_kind() = "kind", "种类";
    label_family() = "family", "系列";
    label_variant() = "variant", "变体";
    label_predicts() = "predicts", "预测";
    label_missing() = "missing", "缺少";
    label_advice() = "to use it", "用法";
    label_left_out() = "left out", "未读取";
    code_left_out(names) = "code that the file names, none of it run: {names}", "文件中提到的代码，均未执行：{names}";
    parameters(millions, formats) = "{millions} M parameters, {formats}", "参数 {millions} M，{formats}";
    already_there(path) = "{path} is there already: choose another name, or remove it", "{path} 已经存在：请换个名字，或先删除它";
    converted(path, megabytes) = "Written: {path}, {megabytes} MB", "已写好：{path}，{megabytes} MB";

    how(size, steps, sampler, schedule, guidance, seed) =
        "{size}, {steps} steps of {sampler} ({schedule}), guidance {guidance}, seed {seed}",
        "{size}，{steps} 步 {sampler}（{schedule}），引导强度 {guidance}，种子 {seed}";

    enlarging(from, to, upscaler) = "Making {from} into {to} with {upscaler}", "用 {upscaler} 把 {from} 放大到 {to}";
    no_cells() = "a sheet of 0 rows or columns: expected at least 1", "拼图是 0 行或 0 列：至少为 1";
    no_wildcard_folder(folder) =
        "{folder} is no folder: expected one with wildcard files such as animal.txt",
        "{folder} 不是文件夹：应为存放通配文件（如 animal.txt）的文件夹";
    cannot_read(path) = "cannot read {path}", "无法读取 {path}";
    cannot_make_folder(path) = "cannot make the folder {path}", "无法建立文件夹 {path}";
    cannot_start(program, path) = "cannot start {program} to show {path}", "无法启动 {program} 来显示 {path}";
    in_file(path) = "in {path}", "在 {path} 中";
    in_config_file(path) = "in the config file {path}", "在配置文件 {path} 中";
    in_variable(name) = "in the environment variable {name}", "在环境变量 {name} 中";
    config_unreadable(path) = "cannot read the config file {path}", "无法读取配置文件 {path}";
    config_unreadable_told(path) =
        "cannot read the config file {path} that CHATSD_CONFIG names", "无法读取 CHATSD_CONFIG 指定的配置文件 {path}";
    config_list(key) =
        "{key}: found a list of other things, expected a list of names", "{key}：列表中有别的东西，应为名称的列表";
    config_kind(key, found) =
        "{key}: found a {found}, expected a text, a number or a list of names", "{key}：是 {found}，应为文字、数字或名称的列表";
    no_home() =
        "no home folder found; set CHATSD_DATA to a folder to keep things in", "找不到主文件夹；请把 CHATSD_DATA 设为存放资料的文件夹";
    one_name_for_one() = "--name is for one model, and several are named", "--name 只能用于一个模型，这里有几个";
    licence_unknown() = "licence not stated", "未注明许可";
    size_unknown() = "size not known", "大小未知";
    pulled_before(path) = "It is here already: {path}", "已经在这里：{path}";
    pulled_model(name) = "Paint with it: --model {name}", "用它作画：--model {name}";
    pull_waits(reason, seconds) = "{reason}; trying again in {seconds} s", "{reason}；{seconds} 秒后重试";
    pull_checks(file) = "checking {file}", "正在校验 {file}";
    not_whole(name) = "(not whole yet: chatsd models pull {name} goes on)", "（还不完整：chatsd models pull {name} 可继续）";
    takes_memory(size) = "(takes about {size} of memory)", "（约需内存 {size}）";
    model_removed(path, size) = "Removed {path} ({size})", "已移除 {path}（{size}）";
    would_remove_model(path, size) = "Would be removed: {path} ({size}); say --yes to do it", "将移除 {path}（{size}）；加 --yes 执行";
    model_forgotten(path) =
        "Its files are in the cache of Hugging Face, which other programs use, and stay there: {path}",
        "它的文件在 Hugging Face 的缓存里，其他程序也在用，所以留在那里：{path}";
    not_ours_to_remove(path, program) =
        "{path} belongs to {program}; only what was pulled is removed here", "{path} 属于 {program}；这里只移除自己下载的";
    nothing_pulled(name) = "there is no {name}: nothing was pulled yet", "没有 {name}：还没有下载过模型";
    not_pulled(name, near) = "{name} was not pulled; the nearest are {near}", "没有下载过 {name}；最接近的是 {near}";
    any_kind() = "anything", "任何文件";
    no_model_folders(path) =
        "No folder with models was found; what is pulled goes to {path}", "没有找到存放模型的文件夹；下载的模型放在 {path}";
    no_model_in(path) = "no model in {path}", "{path} 中没有模型";
    model_not_read(name) = "the model {name} cannot be read", "无法读取模型 {name}";

    removed(count) = "Removed: {count}", "已移除 {count} 条记录";
    would_remove(count) = "Would be removed with their files: {count}; say --yes to do it", "将移除 {count} 条记录及其文件；加 --yes 执行";
    empty_gallery(folder) = "The gallery in {folder} is empty", "{folder} 中的图库是空的";
    nothing_found(text) = "Nothing found for \"{text}\"", "没有找到“{text}”";
    opened(path) = "Opened {path}", "已打开 {path}";

    styles_imported(count, path) = "Styles taken over into {path}: {count}", "{count} 种风格已加入 {path}";

    bench_peak(instructions, threads, gflops) =
        "f32 peak with {instructions}, {threads} threads: {gflops} GFLOP/s", "f32 峰值（{instructions}，{threads} 线程）：{gflops} GFLOP/s";
    bench_bandwidth(gigabytes) = "Reading from memory: {gigabytes} GB/s", "内存读取：{gigabytes} GB/s";
    bench_step(milliseconds, size) = "One step of the model at {size}: {milliseconds} ms", "模型一步（{size}）：{milliseconds} 毫秒";
    bench_picture(seconds, steps) = "One picture of {steps} steps: {seconds} s", "一张图（{steps} 步）：{seconds} 秒";
    bench_measuring() = "Measuring; close other programs for honest figures", "正在测量；请关闭其他程序以得到真实数字";

    machine() = "Machine", "机器";
    processor(cores, instructions) = "{cores} threads, {instructions} instructions", "{cores} 线程，{instructions} 指令集";
    memory(total, available) = "{total} MB of memory, {available} MB free", "内存 {total} MB，可用 {available} MB";
    memory_unknown() = "memory not known on this system", "此系统上无法得知内存";
    terminal() = "Terminal", "终端";
    shows_pictures(way) = "shows pictures: {way}", "显示图片：{way}";
    settings() = "Settings", "设置";
    config_file(path) = "config file: {path}", "配置文件：{path}";
    config_file_absent(path) = "config file: {path} (there is none)", "配置文件：{path}（不存在）";
    set_by_default() = "default", "默认";
    set_by_file() = "config file", "配置文件";
    set_by_environment(name) = "environment {name}", "环境变量 {name}";
    set_by_flag() = "flag", "命令行";
    gallery() = "Gallery", "图库";
    gallery_health(entries, sheets, missing) =
        "entries: {entries}, sheets: {sheets}, missing files: {missing}", "{sheets} 组共 {entries} 条记录，缺 {missing} 个文件";
    gallery_none(folder) = "no gallery in {folder} yet; the first sheet makes it", "{folder} 中还没有图库；画第一组图时建立";
    gallery_writable(folder) = "pictures can be written in {folder}", "可以在 {folder} 中写入图片";
    gallery_not_writable(folder) =
        "no picture can be written in {folder}; choose another folder with --out, or change its permissions",
        "无法在 {folder} 中写入图片；请用 --out 换一个文件夹，或修改权限";
    styles() = "Styles", "风格";
    styles_known(count, path) = "{count} styles, your own in {path}", "{count} 种风格，自己的在 {path}";
    wildcards() = "Wildcards", "通配";
    wildcards_in(folder) = "wildcard files: {folder}", "通配文件：{folder}";
    wildcards_absent(folder) = "wildcard files: {folder} (there is none)", "通配文件：{folder}（不存在）";
    model() = "Model", "模型";
    model_is(name, hash, size, steps) = "{name} [{hash}], {size}, {steps} steps", "{name} [{hash}]，{size}，{steps} 步";
    all_well() = "All is well", "一切正常";
    troubles(count) = "Needs attention: {count}", "有 {count} 处需要注意";
    built_in() = "built in", "内置";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_says_the_same_words_in_both_languages() {
        let placeholders = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
            names.sort();
            names
        };
        for (name, english, chinese) in ALL {
            assert!(!english.is_empty() && !chinese.is_empty(), "{name}");
            let (in_english, in_chinese) = (placeholders(english), placeholders(chinese));
            assert_eq!(in_english, in_chinese, "{name}");
            if english.split('{').next().is_some_and(|start| start.chars().any(char::is_alphabetic)) {
                assert!(chinese.chars().any(|c| c > '\u{2E80}'), "{name}: {chinese}");
            }
        }
    }
}
