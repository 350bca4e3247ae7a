//! Lines of a header and of points that are text, with their numbers.

use super::CloudError;

/// Lines that end with a line feed, or with a carriage return and one.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// Number of the last line that was taken.
    pub(super) number: u32,
}

impl<'a> Lines<'a> {
    /// The lines behind line number `line`.
    pub(super) fn behind(rest: &'a [u8], line: u32) -> Self {
        Self { rest, number: line }
    }

    /// What stands behind the last line that was taken.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next line without its end, which only the last one may lack.
    pub(super) fn take(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|&byte| byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        self.number = self.number.saturating_add(1);
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The next line that has more than spaces in it.
    pub(super) fn take_filled(&mut self) -> Option<&'a [u8]> {
        loop {
            let line = self.take()?.trim_ascii();
            if !line.is_empty() {
                return Some(line);
            }
        }
    }

    /// The words of the next line of a header that is neither empty nor begins with
    /// `comment`; `last` is the line that ends the header.
    pub(super) fn words(&mut self, comment: &str, last: &str) -> Result<Vec<&'a str>, CloudError> {
        loop {
            let Some(line) = self.take() else {
                let reason = format!("expected a line {last} behind it, got the end of the file");
                return Err(self.error(reason));
            };
            if line.starts_with(comment.as_bytes()) || line.trim_ascii().is_empty() {
                continue;
            }
            let text = std::str::from_utf8(line)
                .map_err(|_| self.error("expected text, got bytes that are no UTF-8"))?;
            return Ok(text.split_ascii_whitespace().collect());
        }
    }

    /// What is wrong with the last line that was taken.
    pub(super) fn error(&self, reason: impl Into<String>) -> CloudError {
        CloudError::header(self.number, reason)
    }
}

/// A text as an error shows it: not longer than a line.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}
