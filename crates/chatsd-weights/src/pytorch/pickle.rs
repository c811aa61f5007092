//! Python's pickles, read without running anything.
//!
//! A pickle is a program for a small stack machine (CPython, `Lib/pickletools.py`). Here the machine builds plain data:
//! a function that a pickle names stays a name, and a call stays a record of what would have been called. Protocols 2
//! to 5; of the text opcodes of older protocols only those that newer ones still write.

use crate::{
    BytesDamage, PickleDamage, Unsupported,
    fault::Fault,
    reader::{ByteReader, Result},
};

/// Containers and calls accepted: ten times those of a large training checkpoint.
const NODE_LIMIT: usize = 1 << 19;
/// Values accepted, over the whole pickle, and on the stack at once.
const VALUE_LIMIT: usize = 1 << 21;
const STACK_LIMIT: usize = 1 << 19;
/// Values that a pickle may refer back to.
const MEMO_LIMIT: usize = 1 << 19;
/// Longest name of a module or of something in it, in bytes.
const NAME_LIMIT: usize = 1024;
/// Newest protocol, as of Python 3.14.
const PROTOCOL: u8 = 5;

/// A value; texts and bytes are borrowed from the pickle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// In [`Graph::nodes`].
    Node(u32),
    /// Something that tensors are not made of, such as an integer of a hundred digits.
    Other,
}

/// A value that others refer to; they may do so in a circle.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// Sets, too.
    List(Vec<Item<'a>>),
    Tuple(Vec<Item<'a>>),
    Dict(Vec<[Item<'a>; 2]>),
    /// A function or class, by name.
    Global {
        module: &'a str,
        name: &'a str,
    },
    /// What lies outside the pickle, by its description.
    Persistent(Item<'a>),
    Call(Box<Call<'a>>),
}

/// What a call would make, and what would be done to it.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) function: Item<'a>,
    /// A tuple.
    pub(super) arguments: Item<'a>,
    /// Set on the result.
    pub(super) state: Item<'a>,
    /// Put into the result.
    pub(super) entries: Vec<[Item<'a>; 2]>,
}

/// Everything a pickle builds.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) root: Item<'a>,
    /// Where the pickle ends in the bytes it was read from.
    pub(super) end: usize,
}

impl<'a> Graph<'a> {
    pub(super) fn node(&self, item: Item<'a>) -> Option<&Node<'a>> {
        match item {
            Item::Node(index) => self.nodes.get(index as usize),
            _ => None,
        }
    }

    /// Module and name of a function or class.
    pub(super) fn global(&self, item: Item<'a>) -> Option<(&'a str, &'a str)> {
        match self.node(item) {
            Some(&Node::Global { module, name }) => Some((module, name)),
            _ => None,
        }
    }

    pub(super) fn tuple(&self, item: Item<'a>) -> Option<&[Item<'a>]> {
        match self.node(item) {
            Some(Node::Tuple(items)) => Some(items),
            _ => None,
        }
    }
}

/// Reads the pickle that starts at a place of `bytes`.
pub(super) fn read(bytes: &[u8], at: usize) -> std::result::Result<Graph<'_>, Fault> {
    let mut machine = Machine {
        reader: ByteReader::starting_at(bytes, at),
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: Vec::new(),
        values: 0,
    };
    let root = machine.run()?;
    Ok(Graph { nodes: machine.nodes, root, end: machine.reader.at })
}

struct Machine<'a> {
    reader: ByteReader<'a>,
    nodes: Vec<Node<'a>>,
    stack: Vec<Item<'a>>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: Vec<Item<'a>>,
    /// Pushed so far.
    values: usize,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> std::result::Result<Item<'a>, Fault> {
        loop {
            let opcode = self.reader.u8()?;
            if opcode == b'.' {
                return Ok(self.pop()?);
            }
            if !self.step(opcode)? {
                return Err(Unsupported::Opcode { opcode, at: self.reader.at - 1 }.into());
            }
            if self.values > VALUE_LIMIT || self.stack.len() > STACK_LIMIT || self.marks.len() > STACK_LIMIT {
                return Err(Unsupported::ManyValues { limit: VALUE_LIMIT, at_once: STACK_LIMIT }.into());
            }
            if self.nodes.len() > NODE_LIMIT {
                return Err(Unsupported::ManyContainers { limit: NODE_LIMIT }.into());
            }
        }
    }

    /// Carries out one opcode; `false` when it is not known. Names in comments are those of `pickletools`.
    fn step(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            0x80 => {
                // PROTO
                let protocol = self.reader.u8()?;
                if protocol > PROTOCOL {
                    return Err(PickleDamage::Protocol { found: protocol, limit: PROTOCOL }.into());
                }
            }
            0x95 => {
                // FRAME: how much a reader may fetch at once
                let promised = self.reader.size()?;
                let at = self.reader.at;
                let left = self.reader.bytes.len() - at;
                if promised > left {
                    return Err(BytesDamage::Short { promised, at, left }.into());
                }
            }
            0x98 => {} // READONLY_BUFFER
            // Values.
            b'N' => self.push(Item::None),
            0x88 => self.push(Item::Bool(true)),
            0x89 => self.push(Item::Bool(false)),
            b'K' => self.push_from(|reader| reader.u8().map(|number| Item::Int(number.into())))?,
            b'M' => self.push_from(|reader| reader.u16().map(|number| Item::Int(number.into())))?,
            b'J' => self.push_from(|reader| reader.fixed().map(|bytes| Item::Int(i32::from_le_bytes(bytes).into())))?,
            0x8a => self.push_from(|reader| reader.u8().and_then(|len| long(reader, len.into())))?,
            0x8b => self.push_from(|reader| reader.u32().and_then(|len| long(reader, len as usize)))?,
            b'G' => self.push_from(|reader| reader.fixed().map(|bytes| Item::Float(f64::from_be_bytes(bytes))))?,
            0x8c => self.push_from(|reader| reader.u8().and_then(|len| text(reader, len.into())))?,
            b'X' => self.push_from(|reader| reader.u32().and_then(|len| text(reader, len as usize)))?,
            0x8d => self.push_from(|reader| reader.size().and_then(|len| text(reader, len)))?,
            // Python 2 wrote its texts as bytes.
            b'U' => self.push_from(|reader| reader.u8().and_then(|len| text(reader, len.into())))?,
            b'T' => self.push_from(|reader| reader.u32().and_then(|len| text(reader, len as usize)))?,
            b'C' => self.push_from(|reader| reader.u8().and_then(|len| reader.take(len.into()).map(Item::Bytes)))?,
            b'B' => self.push_from(|reader| reader.u32().and_then(|len| reader.take(len as usize).map(Item::Bytes)))?,
            0x8e | 0x96 => self.push_from(|reader| reader.size().and_then(|len| reader.take(len).map(Item::Bytes)))?,
            // EXT1, EXT2, EXT4: names that a program agreed on with itself.
            0x82 => self.push_from(|reader| reader.u8().map(|_| Item::Other))?,
            0x83 => self.push_from(|reader| reader.u16().map(|_| Item::Other))?,
            0x84 => self.push_from(|reader| reader.u32().map(|_| Item::Other))?,
            _ => return self.step_of_structure(opcode),
        }
        Ok(true)
    }

    /// The opcodes that put values together.
    fn step_of_structure(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                // POP
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.push(top);
            }
            b']' | 0x8f => self.add(Node::List(Vec::new())),
            b')' => self.add(Node::Tuple(Vec::new())),
            b'}' => self.add(Node::Dict(Vec::new())),
            b't' => {
                let items = self.pop_to_mark()?;
                self.add(Node::Tuple(items));
            }
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0..opcode - 0x84 {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.add(Node::Tuple(items));
            }
            b'l' | 0x91 => {
                // LIST, FROZENSET
                let items = self.pop_to_mark()?;
                self.add(Node::List(items));
            }
            b'd' => {
                let pairs = pairs(self.pop_to_mark()?)?;
                self.add(Node::Dict(pairs));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                // APPENDS, ADDITEMS
                let items = self.pop_to_mark()?;
                self.extend(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(vec![[key, value]])?;
            }
            b'u' => {
                let pairs = pairs(self.pop_to_mark()?)?;
                self.set(pairs)?;
            }
            b'q' => {
                let index = self.reader.u8()?.into();
                self.remember(index)?;
            }
            b'r' => {
                let index = self.reader.u32()? as usize;
                self.remember(index)?;
            }
            0x94 => self.remember(self.memo.len())?, // MEMOIZE
            b'h' => {
                let index = self.reader.u8()?.into();
                self.recall(index)?;
            }
            b'j' => {
                let index = self.reader.u32()? as usize;
                self.recall(index)?;
            }
            b'c' => {
                // GLOBAL
                let (module, name) = (self.line()?, self.line()?);
                self.add(Node::Global { module, name });
            }
            0x93 => {
                // STACK_GLOBAL
                let (name, module) = (self.pop()?, self.pop()?);
                let (Item::Text(module), Item::Text(name)) = (module, name) else {
                    return Err(PickleDamage::FunctionName { at: self.reader.at }.into());
                };
                if module.len() > NAME_LIMIT || name.len() > NAME_LIMIT {
                    return Err(PickleDamage::LongFunctionName { limit: NAME_LIMIT }.into());
                }
                self.add(Node::Global { module, name });
            }
            b'R' | 0x81 => {
                // REDUCE, NEWOBJ
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments);
            }
            0x92 => {
                // NEWOBJ_EX: with named arguments, which nothing that is read here has
                let (_, arguments, function) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(function, arguments);
            }
            b'i' => {
                // INST
                let (module, name) = (self.line()?, self.line()?);
                let arguments = self.pop_to_mark()?;
                self.add(Node::Global { module, name });
                self.add(Node::Tuple(arguments));
                let (arguments, function) = (self.pop()?, self.pop()?);
                self.call(function, arguments);
            }
            b'o' => {
                // OBJ
                let mut arguments = self.pop_to_mark()?;
                if arguments.is_empty() {
                    return Err(PickleDamage::NoClass { at: self.reader.at }.into());
                }
                let function = arguments.remove(0);
                self.add(Node::Tuple(arguments));
                let arguments = self.pop()?;
                self.call(function, arguments);
            }
            b'b' => {
                // BUILD
                let state = self.pop()?;
                if let Some(Node::Call(call)) = self.top_node()? {
                    call.state = state;
                }
            }
            b'Q' => {
                let description = self.pop()?;
                self.add(Node::Persistent(description));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn push(&mut self, item: Item<'a>) {
        self.values += 1;
        self.stack.push(item);
    }

    fn push_from(&mut self, read: impl FnOnce(&mut ByteReader<'a>) -> Result<Item<'a>>) -> Result<()> {
        let item = read(&mut self.reader)?;
        self.push(item);
        Ok(())
    }

    /// Pushes a new node.
    fn add(&mut self, node: Node<'a>) {
        let index = u32::try_from(self.nodes.len()).expect("few enough for the limit");
        self.nodes.push(node);
        self.push(Item::Node(index));
    }

    fn call(&mut self, function: Item<'a>, arguments: Item<'a>) {
        self.add(Node::Call(Box::new(Call { function, arguments, state: Item::None, entries: Vec::new() })));
    }

    /// The value on top; none lies below the last mark.
    fn top(&self) -> Result<Item<'a>> {
        let above = self.stack.get(self.marks.last().copied().unwrap_or(0)..);
        let top = above.and_then(<[Item<'a>]>::last).copied();
        top.ok_or_else(|| PickleDamage::NoValue { at: self.reader.at }.into())
    }

    fn pop(&mut self) -> Result<Item<'a>> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Item<'a>>> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        let mark = mark.ok_or(PickleDamage::NoMark { at: self.reader.at })?;
        Ok(self.stack.split_off(mark))
    }

    /// The node on top, if it is one.
    fn top_node(&mut self) -> Result<Option<&mut Node<'a>>> {
        Ok(match self.top()? {
            Item::Node(index) => self.nodes.get_mut(index as usize),
            _ => None,
        })
    }

    fn extend(&mut self, items: Vec<Item<'a>>) -> Result<()> {
        let at = self.reader.at;
        match self.top_node()? {
            Some(Node::List(list)) => list.extend(items),
            Some(Node::Call(_)) => {} // a list of some kind of its own
            _ => return Err(PickleDamage::NoList { at }.into()),
        }
        Ok(())
    }

    fn set(&mut self, pairs: Vec<[Item<'a>; 2]>) -> Result<()> {
        let at = self.reader.at;
        match self.top_node()? {
            Some(Node::Dict(entries)) => entries.extend(pairs),
            Some(Node::Call(call)) => call.entries.extend(pairs),
            _ => return Err(PickleDamage::NoDict { at }.into()),
        }
        Ok(())
    }

    fn remember(&mut self, index: usize) -> Result<()> {
        if index >= MEMO_LIMIT {
            return Err(PickleDamage::Memo { index, limit: MEMO_LIMIT }.into());
        }
        if index >= self.memo.len() {
            self.memo.resize(index + 1, Item::Other);
        }
        self.memo[index] = self.top()?;
        Ok(())
    }

    fn recall(&mut self, index: usize) -> Result<()> {
        let item = self.memo.get(index).copied();
        self.push(item.ok_or(PickleDamage::Recall { index, at: self.reader.at })?);
        Ok(())
    }

    /// A text up to the end of its line.
    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.reader.bytes[self.reader.at..];
        let rest = &rest[..rest.len().min(NAME_LIMIT + 1)];
        let len = rest.iter().position(|&byte| byte == b'\n');
        let len = len.ok_or(PickleDamage::EndlessName { at: self.reader.at })?;
        let line = std::str::from_utf8(self.reader.take(len)?);
        self.reader.take(1)?;
        line.map_err(|_| PickleDamage::NameNotUtf8 { at: self.reader.at }.into())
    }
}

fn pairs(items: Vec<Item<'_>>) -> Result<Vec<[Item<'_>; 2]>> {
    let (pairs, []) = items.as_chunks() else { return Err(PickleDamage::KeyWithoutValue.into()) };
    Ok(pairs.to_vec())
}

/// A text; bytes when it is none.
fn text<'a>(reader: &mut ByteReader<'a>, len: usize) -> Result<Item<'a>> {
    let bytes = reader.take(len)?;
    Ok(std::str::from_utf8(bytes).map_or(Item::Bytes(bytes), Item::Text))
}

/// A signed little-endian integer.
fn long<'a>(reader: &mut ByteReader<'a>, len: usize) -> Result<Item<'a>> {
    let bytes = reader.take(len)?;
    if len > 8 {
        return Ok(Item::Other);
    }
    let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut wide = [sign; 8];
    wide[..len].copy_from_slice(bytes);
    Ok(Item::Int(i64::from_le_bytes(wide)))
}
