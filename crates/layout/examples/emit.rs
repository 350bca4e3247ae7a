//! Writes the tables and constants of this crate as TypeScript.
//!
//! `cargo run -p framelane-layout --example emit -- lib/generated`

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use framelane_layout::dtype::DTYPES;
use framelane_layout::encoding::ENCODINGS;
use framelane_layout::error::ERROR_CODES;
use framelane_layout::kind::KINDS;
use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_layout::{control, name, slot, topic};

const HEAD: &str = "// Made by `npm run generate` from crates/layout. Do not edit.\n\n";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: emit <folder>")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    fs::write(folder.join("layout.ts"), layout()?)?;
    fs::write(folder.join("encodings.ts"), encodings()?)?;
    fs::write(folder.join("errors.ts"), errors()?)?;
    Ok(())
}

fn layout() -> Result<String, Box<dyn Error>> {
    let mut out = String::from(HEAD);
    let constants: [(&str, u32, &str); 35] = [
        ("CONTROL_WORDS", control::WORDS, "32-bit words of the control array"),
        ("HOLD", control::HOLD, "u32: the hold, for retain and release"),
        ("POOL", control::POOL, "u32: the pool's index"),
        ("SLOT", control::SLOT, "u32: the slot's index"),
        ("GENERATION", control::GENERATION, "u32: the slot's generation"),
        ("TYPES", control::TYPES, "u32: codes of kind, encoding and element type, a byte each"),
        ("DIM0", control::DIM0, "u32: height"),
        ("DIM1", control::DIM1, "u32: width"),
        ("DIM2", control::DIM2, "u32: channels"),
        ("STEP", control::STEP, "u32: bytes from one row to the next"),
        ("PAYLOAD", control::PAYLOAD, "f64: bytes of the payload"),
        ("SENT_NS", control::SENT_NS, "i64: when it was sent"),
        ("STAMP_NS", control::STAMP_NS, "i64: the frame's time stamp"),
        ("FRAME", control::FRAME, "f64: number of the frame in its ring"),
        ("SEQUENCE", control::SEQUENCE, "f64: number given by device or publisher"),
        ("MISSED", control::MISSED, "f64: frames missed since the last receive"),
        ("STATUS", control::STATUS, "i32: a call's answer"),
        ("TOPIC", control::TOPIC, "u32: which topic a call is about"),
        ("GIVE", control::GIVE, "u32: a hold to be given back before a frame is received"),
        ("NEWEST", control::NEWEST, "u32: 1 for the newest frame only"),
        ("BYTES", control::BYTES, "f64, two words: how large a frame is to be"),
        ("SPIN_US", control::SPIN_US, "u32: microseconds to look for a frame"),
        ("TIMEOUT_MS", control::TIMEOUT_MS, "u32: milliseconds to block at most"),
        ("NO_HOLD", control::NO_HOLD, "in GIVE: nothing is to be given back"),
        ("FRAME_ID_LEN", control::FRAME_ID_LEN, "u32: bytes of the frame id"),
        ("FRAME_ID", control::FRAME_ID, "64 bytes: the frame id"),
        ("NOTICES", control::NOTICES, "u32: not 0 where there are notices to take"),
        ("COLOUR", control::COLOUR, "u32: colour matrix, and range above 8 bits, of what is sent"),
        ("SCALE", control::SCALE, "f64: millimetres a raw unit of depth of what is sent"),
        ("EXT", control::EXT, "u32: offset of the ext block of what is sent, 0: none"),
        ("FRAME_ID_MAX", u32::try_from(slot::FRAME_ID_MAX)?, "longest frame id in bytes"),
        ("SLOT_HEADER_BYTES", u32::try_from(slot::SLOT_HEADER_BYTES)?, "bytes of a slot header"),
        ("TOPIC_NAME_MAX", u32::try_from(topic::NAME_MAX)?, "longest topic name"),
        ("NAME_PART_MAX", u32::try_from(name::SEGMENT_MAX)?, "longest part of a name"),
        ("HISTORY_MAX", topic::CELLS_DEFAULT, "most frames a ring keeps"),
    ];
    for (name, value, doc) in constants {
        writeln!(out, "/** {doc} */\nexport const {name} = {value};")?;
    }
    let offsets = [
        ("HEADER_STAMP_NS", core::mem::offset_of!(slot::SlotHeader, stamp_ns)),
        ("HEADER_SEQUENCE", core::mem::offset_of!(slot::SlotHeader, sequence)),
        ("HEADER_FRAME_ID_LEN", core::mem::offset_of!(slot::SlotHeader, frame_id_len)),
        ("HEADER_DEPTH_SCALE", core::mem::offset_of!(slot::SlotHeader, depth_scale)),
        ("HEADER_EXT", core::mem::offset_of!(slot::SlotHeader, ext_offset)),
        ("HEADER_COLOUR", core::mem::offset_of!(slot::SlotHeader, colour_matrix)),
        ("HEADER_FRAME_ID", core::mem::offset_of!(slot::SlotHeader, frame_id)),
    ];
    for (name, value) in offsets {
        writeln!(out, "/** byte offset in a slot header */\nexport const {name} = {value};")?;
    }
    out.push_str("\n/** Kinds of frames and their codes. */\nexport const kinds = {\n");
    for (kind, name) in KINDS {
        writeln!(out, "  {name}: {},", kind as u8)?;
    }
    out.push_str("} as const;\n");
    modes(&mut out)?;
    Ok(out)
}

fn modes(out: &mut String) -> std::fmt::Result {
    out.push_str(
        "\n/** How a topic or a queue delivers: who gets a frame, what if it is full. */\n",
    );
    out.push_str("export const modes = {\n");
    let deliveries = [
        ("topic", Delivery::Broadcast),
        ("auto", Delivery::AtMostOnce),
        ("manual", Delivery::AtLeastOnce),
    ];
    for (name, delivery) in deliveries {
        let code = |overflow| Mode { overflow, delivery }.code();
        let oldest = code(Overflow::DropOldest);
        let newest = code(Overflow::DropNewest);
        let block = code(Overflow::Block);
        write!(out, "  {name}: {{ 'drop-oldest': {oldest}, 'drop-newest': {newest}, ")?;
        writeln!(out, "block: {block} }},")?;
    }
    out.push_str("} as const;\n");
    Ok(())
}

fn encodings() -> Result<String, Box<dyn Error>> {
    let mut out = String::from(HEAD);
    out.push_str("/** Element types: NumPy's name, code, bytes, typed array. */\n");
    out.push_str("export const dtypes = {\n");
    for row in DTYPES.iter().filter(|row| !row.typed_array.is_empty()) {
        let (code, bytes, array) = (row.dtype as u8, row.bytes, row.typed_array);
        writeln!(out, "  {}: {{ code: {code}, bytes: {bytes}, array: {array} }},", row.name)?;
    }
    out.push_str("} as const;\n\n/** Pixel formats in the order of their codes. */\n");
    out.push_str("export const encodings = {\n");
    for row in ENCODINGS {
        writeln!(out, "  {}: {{", row.name)?;
        writeln!(out, "    code: {},", row.encoding as u8)?;
        writeln!(out, "    channels: {},", row.channels)?;
        writeln!(out, "    bytesPerPixel: {},", f32::from(row.bits_per_pixel()) / 8.0)?;
        writeln!(out, "    dtype: '{}',", row.dtype.info().name)?;
        writeln!(out, "    widthMultiple: {},", row.width_multiple)?;
        writeln!(out, "    heightMultiple: {},", row.height_multiple())?;
        writeln!(out, "    planes: {},\n  }},", row.chroma.planes())?;
    }
    out.push_str("} as const;\n");
    Ok(out)
}

fn errors() -> Result<String, Box<dyn Error>> {
    let mut out = String::from(HEAD);
    out.push_str("/** Every error code and the number that stands for it at the boundary. */\n");
    out.push_str("export const errorCodes = {\n");
    for (code, text, doc) in ERROR_CODES {
        writeln!(out, "  /**{doc} */\n  {text}: {},", *code as u8)?;
    }
    out.push_str("} as const;\n");
    Ok(out)
}
