//! What can be wrong inside a file of weights.

use chatsd_weights::{
    ArchiveDamage, BytesDamage, CheckpointDamage, Damage, GgufDamage, IndexDamage, NameDamage, PickleDamage,
    SafetensorsDamage, TensorDamage, VocabularyDamage,
};

use super::Spoken;
use crate::ErrorClass;

/// A damaged file cannot be used, whatever is wrong with it.
macro_rules! damages {
    ($($damage:ident => $chinese:ident),* $(,)?) => {
        $(impl Spoken for $damage {
            fn chinese(&self) -> String {
                $chinese(self)
            }

            fn class(&self) -> ErrorClass {
                ErrorClass::Unusable
            }
        })*
    };
}

damages! {
    Damage => damage,
    BytesDamage => bytes,
    NameDamage => name,
    TensorDamage => tensor,
    SafetensorsDamage => safetensors,
    GgufDamage => gguf,
    ArchiveDamage => archive,
    PickleDamage => pickle,
    CheckpointDamage => checkpoint,
    IndexDamage => index,
    VocabularyDamage => vocabulary,
}

fn damage(damage: &Damage) -> String {
    match damage {
        Damage::Bytes(damage) => damage.chinese(),
        Damage::Name(damage) => damage.chinese(),
        Damage::Tensor { name, damage } => format!("张量 {name}：{}", damage.chinese()),
        Damage::TensorTwice { name } => format!("张量 {name} 出现两次"),
        Damage::Overlap { first, second, at } => format!("张量 {first} 与 {second} 在第 {at} 字节重叠"),
        Damage::Gap { start, end, first, second } => {
            format!("张量 {first} 与 {second} 之间的第 {start} 到 {end} 字节不属于任何张量")
        }
        Damage::Span { start, end, file_start, file_end } => {
            format!("张量占第 {start} 到 {end} 字节，而文件中是第 {file_start} 到 {file_end} 字节")
        }
        Damage::Safetensors(damage) => damage.chinese(),
        Damage::Gguf(damage) => damage.chinese(),
        Damage::Archive(damage) => damage.chinese(),
        Damage::Pickle(damage) => damage.chinese(),
        Damage::Checkpoint(damage) => damage.chinese(),
        Damage::Index(damage) => damage.chinese(),
        Damage::Vocabulary(damage) => damage.chinese(),
    }
}

fn bytes(damage: &BytesDamage) -> String {
    match damage {
        BytesDamage::Short { promised, at, left } => {
            format!("第 {at} 字节处说有 {promised} 字节，而只剩 {left} 字节")
        }
        BytesDamage::HugeLength { length, at } => format!("第 {at} 字节处的长度 {length}，内存放不下"),
    }
}

fn name(damage: &NameDamage) -> String {
    match damage {
        NameDamage::Empty => "有一个张量没有名字".to_owned(),
        NameDamage::Long { bytes, limit } => format!("一个张量的名字有 {bytes} 字节，最多应为 {limit}"),
        NameDamage::ControlCharacters { name } => format!("张量名 {name:?} 中有控制字符"),
    }
}

fn tensor(damage: &TensorDamage) -> String {
    match damage {
        TensorDamage::HugeShape { shape } => format!("形状 {shape:?} 的值多得任何文件都放不下"),
        TensorDamage::TypeName => "它的数据类型不是名称".to_owned(),
        TensorDamage::Backwards { start, end } => format!("结尾在 {end}，却早于开头 {start}"),
        TensorDamage::Size { bytes, shape, dtype } => format!("{shape:?} 个 {dtype} 值不应是 {bytes} 字节"),
        TensorDamage::PartialBlocks { values, block } => format!("每行 {values} 个值凑不成整块，一块是 {block} 个"),
        TensorDamage::ShapeBeyondFile { shape } => format!("形状 {shape:?} 任何文件都放不下"),
        TensorDamage::MissingStorage { storage } => format!("它的存储 {storage} 不在文件中"),
        TensorDamage::ShapeBeyondStorage { shape, strides } => {
            format!("形状 {shape:?}、步幅 {strides:?} 任何存储都放不下")
        }
        TensorDamage::BeyondStorage { start, end, storage } => {
            format!("它占存储的第 {start} 到 {end} 字节，而存储只有 {storage} 字节")
        }
        TensorDamage::Repeats { bytes, values } => format!("它把 {bytes} 字节重复成 {values} 个值"),
    }
}

fn safetensors(damage: &SafetensorsDamage) -> String {
    match damage {
        SafetensorsDamage::NoLength => "前 8 字节还没完，文件就结束了".to_owned(),
        SafetensorsDamage::LongHeader { bytes, limit } => format!("它说文件头有 {bytes} 字节，最多应为 {limit}"),
        SafetensorsDamage::ShortHeader { bytes, left } => format!("文件头有 {bytes} 字节，而只剩 {left} 字节"),
        SafetensorsDamage::NotUtf8 => "文件头不是 UTF-8".to_owned(),
        SafetensorsDamage::Json { said } => format!("文件头：{said}"),
        SafetensorsDamage::ManyTensors { limit } => format!("张量超过 {limit} 个"),
        SafetensorsDamage::MetadataTwice => "元数据出现两次".to_owned(),
        SafetensorsDamage::MetadataKeyTwice => "元数据中有一个键出现两次".to_owned(),
        SafetensorsDamage::MuchMetadata { limit } => format!("元数据超过 {limit} 项"),
        SafetensorsDamage::BeyondFile { name, start, end, file_end } => {
            format!("张量 {name} 的结尾在 {start} + {end}，而文件的结尾在 {file_end}")
        }
    }
}

fn gguf(damage: &GgufDamage) -> String {
    match damage {
        GgufDamage::NotUtf8 { at } => format!("第 {at} 字节处的文字不是 UTF-8"),
        GgufDamage::TruthValue { at, found } => format!("第 {at} 字节是 {found}，应为 0 或 1（真假值）"),
        GgufDamage::ValueType { at, kind } => format!("第 {at} 字节前的值是不认识的类型 {kind}"),
        GgufDamage::ArrayType { at, kind } => format!("第 {at} 字节前的数组是不认识的类型 {kind}"),
        GgufDamage::DeepArrays { limit, at } => format!("第 {at} 字节处的数组套了超过 {limit} 层"),
        GgufDamage::HugeArray { values } => format!("数组有 {values} 个值，放不下"),
        GgufDamage::MetadataKey { bytes, at } => format!("第 {at} 字节前有 {bytes} 字节长的元数据键，不是名称"),
        GgufDamage::MetadataKeyTwice { key } => format!("元数据的键 {key} 出现两次"),
        GgufDamage::Alignment { found, limit } => {
            let found = found.map_or_else(|| "不是整数".to_owned(), |found| format!("是 {found}"));
            format!("general.alignment {found}，应为 2 的幂，最多 {limit}")
        }
        GgufDamage::Extents { name, found, limit } => format!("张量 {name} 有 {found} 维，最多应为 {limit}"),
        GgufDamage::NoEnd => "文件头没有结尾".to_owned(),
        GgufDamage::BeyondFile { name, bytes, start, offset, file_end } => {
            format!("张量 {name} 在 {start} + {offset} 处占 {bytes} 字节，而文件的结尾在 {file_end}")
        }
        GgufDamage::Offset { name, offset, alignment } => {
            format!("张量 {name} 的偏移是 {offset}，应为 {alignment} 的倍数")
        }
    }
}

fn archive(damage: &ArchiveDamage) -> String {
    match damage {
        ArchiveDamage::NoEnd => "压缩包没有结尾：文件被截断了".to_owned(),
        ArchiveDamage::SeveralParts => "压缩包只是几个分卷之一".to_owned(),
        ArchiveDamage::NoSecondEnd => "压缩包的第二个结尾不在第一个所说的地方".to_owned(),
        ArchiveDamage::Directory { bytes, at } => {
            format!("压缩包 {bytes} 字节的目录没有在第 {at} 字节之前结束")
        }
        ArchiveDamage::NoEntry { at } => format!("压缩包的目录在第 {at} 字节处没有条目"),
        ArchiveDamage::EntryTwice { name } => format!("压缩包中的条目 {name} 出现两次"),
        ArchiveDamage::Overlap { first, second } => format!("压缩包中的条目 {first} 与 {second} 重叠"),
        ArchiveDamage::IntoDirectory { name } => format!("条目 {name} 伸进了压缩包的目录"),
        ArchiveDamage::NameNotUtf8 => "压缩包中有条目的名字不是 UTF-8".to_owned(),
        ArchiveDamage::LongName { bytes, limit } => {
            format!("压缩包中有条目的名字长 {bytes} 字节，最多应为 {limit}")
        }
        ArchiveDamage::Name { name } => format!("压缩包的条目 {name:?}：模型文件没有这样的名字"),
        ArchiveDamage::Entry { name, damage } => format!("压缩包的条目 {name}：{}", damage.chinese()),
        ArchiveDamage::Packed { name, packed, bytes } => {
            format!("压缩包的条目 {name} 占 {packed} 字节，内容却是 {bytes} 字节")
        }
        ArchiveDamage::Place { name, at } => format!("压缩包的条目 {name} 不在第 {at} 字节处"),
        ArchiveDamage::OtherName { name, at } => {
            format!("压缩包的条目 {name} 在第 {at} 字节处却叫另一个名字")
        }
        ArchiveDamage::TwoPickles { first, second } => format!("压缩包中有两个 pickle：{first} 和 {second}"),
    }
}

fn pickle(damage: &PickleDamage) -> String {
    match damage {
        PickleDamage::Protocol { found, limit } => format!("pickle 协议是 {found}，最多应为 {limit}"),
        PickleDamage::FunctionName { at } => format!("第 {at} 字节前的函数不是用文字命名的"),
        PickleDamage::LongFunctionName { limit } => format!("有函数的名字超过 {limit} 字节"),
        PickleDamage::NoClass { at } => format!("第 {at} 字节前的对象没有类"),
        PickleDamage::NoValue { at } => format!("pickle 在第 {at} 字节前要取值，而那里没有"),
        PickleDamage::NoMark { at } => format!("pickle 在第 {at} 字节前没有标记"),
        PickleDamage::NoList { at } => format!("pickle 在第 {at} 字节前往不是列表的东西里添加"),
        PickleDamage::NoDict { at } => format!("pickle 在第 {at} 字节前给不是字典的东西设条目"),
        PickleDamage::Memo { index, limit } => format!("pickle 记下第 {index} 个值，应少于 {limit} 个"),
        PickleDamage::Recall { index, at } => {
            format!("pickle 在第 {at} 字节前要取回第 {index} 个值，而它从未有过")
        }
        PickleDamage::EndlessName { at } => format!("第 {at} 字节处的名字没有结尾"),
        PickleDamage::NameNotUtf8 { at } => format!("第 {at} 字节前的名字不是 UTF-8"),
        PickleDamage::KeyWithoutValue => "pickle 的一个字典有键没有值".to_owned(),
    }
}

fn checkpoint(damage: &CheckpointDamage) -> String {
    match damage {
        CheckpointDamage::StorageList => "它的存储列表不是列表".to_owned(),
        CheckpointDamage::StorageKey => "有存储的键不是文字".to_owned(),
        CheckpointDamage::NoStorageType { key } => format!("存储 {key} 没有类型"),
        CheckpointDamage::TwoStorageTypes { key } => format!("存储 {key} 有两种类型"),
        CheckpointDamage::StrayStorage { key } => format!("存储 {key} 不属于任何张量"),
        CheckpointDamage::HugeStorage { key, values } => {
            format!("存储 {key} 有 {values} 个值，任何文件都放不下")
        }
        CheckpointDamage::StorageTwice { key } => format!("存储 {key} 出现两次"),
        CheckpointDamage::StorageView { key } => format!("存储 {key} 是一个视图，却没有说是谁的"),
        CheckpointDamage::StorageStart => "有存储从自己的前面开始".to_owned(),
        CheckpointDamage::Wrapped => "有张量被包了太多层".to_owned(),
        CheckpointDamage::NoStorage => "有张量没有存储".to_owned(),
        CheckpointDamage::NoSizes => "有张量没有尺寸".to_owned(),
        CheckpointDamage::NegativeSize { found } => format!("有张量的尺寸或步幅是 {found}"),
        CheckpointDamage::OddSize => "有张量的尺寸或步幅不是整数".to_owned(),
        CheckpointDamage::Extents { found, limit } => format!("有张量是 {found} 维，最多应为 {limit}"),
        CheckpointDamage::Strides { extents, strides } => {
            format!("有张量是 {extents} 维，却有 {strides} 个步幅")
        }
    }
}

fn index(damage: &IndexDamage) -> String {
    match damage {
        IndexDamage::File { file } => format!("它列出 {file:?}，应为旁边一个文件的名字"),
        IndexDamage::MissingTensor { tensor, file } => format!("张量 {tensor:?} 应在 {file} 中，而那里没有"),
        IndexDamage::TensorTwice { tensor } => format!("张量 {tensor} 在它的两个文件里都有"),
    }
}

fn vocabulary(damage: &VocabularyDamage) -> String {
    match damage {
        VocabularyDamage::Number { token, number, count } => {
            format!("词元 {token:?} 的编号是 {number}，应为 0 到 {count}，各出现一次")
        }
        VocabularyDamage::Merge { line } => format!("合并规则 {line:?} 不是中间有空格的两段文字"),
    }
}
