//! Messages: bytes of any length, JSON or what their users have agreed on.

use framelane_layout::ErrorCode;
use framelane_topic::{Error, Result};

use crate::ext::Ext;
use crate::loaned::Loaned;
use crate::received::Received;
use crate::validate::{MessageFormat, MessageShape};

/// Longest name of a format, bytes.
const FORMAT_MAX: usize = 63;
const JSON: &str = "json";

/// A received message. See [`Received`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Message, Topic};
///
/// let mut topic = Topic::<Message>::open("detections")?;
/// let text = r#"[{"label":"cup"}]"#;
/// let mut loan = topic.loan(text.len(), Some("json"))?;
/// loan.copy_from(text.as_bytes())?;
/// topic.send(loan)?;
/// let message = topic.try_recv()?.unwrap();
/// assert_eq!((message.format().as_deref(), message.text()?), (Some("json"), text));
/// # Ok::<(), framelane::Error>(())
/// ```
pub type Message = Received<MessageShape>;

/// A message that is being made. See [`Loaned`] for all that it can.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Message, Topic};
///
/// let mut topic = Topic::<Message>::open("poses")?;
/// let mut loan = topic.loan(8, None)?;
/// loan.data_mut().copy_from_slice(&1.5_f64.to_le_bytes());
/// topic.send(loan)?;
/// # Ok::<(), framelane::Error>(())
/// ```
pub type MessageMut = Loaned<MessageShape>;

/// The same for frames received and on loan.
macro_rules! readable {
    ($frame:ident, $received:literal) => {
        impl $frame<MessageShape> {
            /// What the bytes are: `json`, or the name that the sender has given; `None` where it
            /// gave none.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{Message, Topic};
            /// # let mut topic = Topic::<Message>::open("poses")?;
            /// let message = topic.loan(8, Some("cbor"))?;
            #[doc = $received]
            /// assert_eq!(message.format().as_deref(), Some("cbor"));
            /// # Ok::<(), framelane::Error>(())
            /// ```
            #[must_use]
            pub fn format(&self) -> Option<String> {
                match self.shape.format {
                    MessageFormat::Json => Some(JSON.to_owned()),
                    MessageFormat::Bytes => format_in(&self.ext().metadata?),
                }
            }

            /// The bytes as text, whatever the format.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// # use framelane::{ErrorCode, Message, Topic};
            /// # let mut topic = Topic::<Message>::open("poses")?;
            /// let mut message = topic.loan(2, Some("json"))?;
            /// message.copy_from(b"{}")?;
            #[doc = $received]
            /// assert_eq!(message.text()?, "{}");
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// [`ErrorCode::Codec`] where they are no UTF-8.
            pub fn text(&self) -> Result<&str> {
                std::str::from_utf8(self.data()).map_err(|error| {
                    let text = format!("a message of {} bytes: {error}", self.data().len());
                    Error::new(ErrorCode::Codec, text)
                })
            }
        }
    };
}

readable!(Received, "# topic.send(message)?; let message = topic.try_recv()?.unwrap();");
readable!(Loaned, "# let message = message;");

impl MessageShape {
    /// The shape of a message of so many bytes, and what its ext block says.
    pub(crate) fn new(bytes: usize, format: Option<&str>) -> Result<(Self, Ext)> {
        let Ok(bytes) = u32::try_from(bytes) else {
            let text = format!("a message has up to 4,294,967,295 bytes, got {bytes}");
            return Err(Error::new(ErrorCode::InvalidSize, text));
        };
        let named = |metadata| Ext { metadata, ..Ext::default() };
        match format {
            Some(JSON) => Ok((Self { bytes, format: MessageFormat::Json }, named(None))),
            None => Ok((Self { bytes, format: MessageFormat::Bytes }, named(None))),
            Some(name) => {
                let metadata = metadata_of(name)?;
                Ok((Self { bytes, format: MessageFormat::Bytes }, named(Some(metadata))))
            }
        }
    }
}

/// What an ext block says of a format: JSON, `{"format":"cbor"}`.
fn metadata_of(format: &str) -> Result<String> {
    let sound = !format.is_empty()
        && format.len() <= FORMAT_MAX
        && !format.contains(|letter: char| letter.is_control());
    if !sound {
        let text = format!("a format has 1 to {FORMAT_MAX} bytes and no controls, got {format:?}");
        return Err(Error::new(ErrorCode::InvalidArgument, text));
    }
    // Nothing else needs an escape: there are no control characters.
    let escaped = format.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!(r#"{{"format":"{escaped}"}}"#))
}

/// The format in such metadata, if it comes first there.
fn format_in(metadata: &str) -> Option<String> {
    let rest = metadata.trim_start().strip_prefix('{')?.trim_start();
    let rest = rest.strip_prefix("\"format\"")?.trim_start().strip_prefix(':')?.trim_start();
    let mut letters = rest.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => text.push(escape(&mut letters)?),
            letter => text.push(letter),
        }
    }
}

/// What follows a backslash in JSON.
fn escape(letters: &mut std::str::Chars<'_>) -> Option<char> {
    match letters.next()? {
        'u' => {
            let first = unit(letters)?;
            if !(0xd800..0xdc00).contains(&first) {
                return char::from_u32(first);
            }
            letters.as_str().strip_prefix("\\u").map(|rest| *letters = rest.chars())?;
            let second = unit(letters)?.checked_sub(0xdc00).filter(|&low| low < 0x400)?;
            char::from_u32(0x1_0000 + (first - 0xd800) * 0x400 + second)
        }
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        letter @ ('"' | '\\' | '/') => Some(letter),
        _ => None,
    }
}

/// Four hexadecimal digits.
fn unit(letters: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit * 16 + letters.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_come_back() {
        let long = "é".repeat(31);
        for name in ["cbor", "a \"b\" \\ c", long.as_str(), "\u{1f600}"] {
            assert_eq!(format_in(&metadata_of(name).unwrap()).as_deref(), Some(name));
        }
        let said = r#" { "format" : "é\n\"\/\\ 😀", "more": [1] } "#;
        assert_eq!(format_in(said).as_deref(), Some("\u{e9}\n\"/\\ \u{1f600}"));
    }

    #[test]
    fn other_metadata_name_none() {
        for said in ["", "{}", "[]", r#"{"format":1}"#, r#"{"format":"x"#, r#"{"name":"x"}"#] {
            assert_eq!(format_in(said), None, "{said}");
        }
        for said in [r#"{"format":"\x"}"#, r#"{"format":"\ud800"}"#, r#"{"format":"\u12"}"#] {
            assert_eq!(format_in(said), None, "{said}");
        }
    }

    #[test]
    fn refuses_names_that_are_none() {
        for name in ["", "a\n", "\u{7f}", &"é".repeat(32)] {
            let error = MessageShape::new(1, Some(name)).unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidArgument, "{name:?}");
        }
        let json = MessageShape::new(0, Some("json")).unwrap();
        assert_eq!(json.0, MessageShape { bytes: 0, format: MessageFormat::Json });
        assert!(json.1.is_empty());
    }
}
