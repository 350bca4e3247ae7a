//! Error codes: one table, from which every language's table is made. A code is a promise;
//! the message beside it is not.

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $code:literal;)+) => {
        /// What went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum ErrorCode { $($(#[doc = $doc])+ $name = $number,)+ }

        /// Every code: itself, the text users compare, what it means.
        pub const ERROR_CODES: &[(ErrorCode, &str, &str)] =
            &[$((ErrorCode::$name, $code, concat!($($doc),+)),)+];
    };
}

error_codes! {
    /// An argument is of the wrong type or out of range.
    InvalidArgument = 1, "ERR_FRAMELANE_INVALID_ARGUMENT";
    /// The encoding is not one of the table.
    InvalidEncoding = 2, "ERR_FRAMELANE_INVALID_ENCODING";
    /// A width, height or size is zero, negative, fractional or too large.
    InvalidSize = 3, "ERR_FRAMELANE_INVALID_SIZE";
    /// The number of bytes does not fit the shape.
    InvalidLength = 4, "ERR_FRAMELANE_INVALID_LENGTH";
    /// The name of a topic or namespace breaks a rule.
    InvalidName = 5, "ERR_FRAMELANE_INVALID_NAME";
    /// The buffer has been detached.
    DetachedBuffer = 6, "ERR_FRAMELANE_DETACHED_BUFFER";
    /// The frame has been released or sent.
    Released = 7, "ERR_FRAMELANE_RELEASED";
    /// The frame cannot be changed: it was received or sent.
    Frozen = 8, "ERR_FRAMELANE_FROZEN";
    /// The topic exists with another kind or another setting.
    TopicMismatch = 9, "ERR_FRAMELANE_TOPIC_MISMATCH";
    /// The file was written by a release with another layout.
    LayoutVersion = 10, "ERR_FRAMELANE_LAYOUT_VERSION";
    /// A file in the directory is truncated or not one of ours.
    Corrupt = 11, "ERR_FRAMELANE_CORRUPT";
    /// Shared memory is full.
    NoSpace = 12, "ERR_FRAMELANE_NO_SPACE";
    /// Every slot is in use.
    PoolExhausted = 13, "ERR_FRAMELANE_POOL_EXHAUSTED";
    /// More frames are held than the limit allows.
    TooManyHeld = 14, "ERR_FRAMELANE_TOO_MANY_HELD";
    /// No entry is left: too many publishers, readers or waiting subscribers.
    Limit = 15, "ERR_FRAMELANE_LIMIT";
    /// Another process is creating or removing the file at this moment.
    Busy = 16, "ERR_FRAMELANE_BUSY";
    /// The directory or file belongs to somebody else or is open to others.
    Permission = 17, "ERR_FRAMELANE_PERMISSION";
    /// The topic has been closed.
    Closed = 18, "ERR_FRAMELANE_CLOSED";
    /// No native part for this platform or runtime.
    UnsupportedPlatform = 19, "ERR_FRAMELANE_UNSUPPORTED_PLATFORM";
    /// The runtime refuses buffers over foreign memory.
    ExternalMemory = 20, "ERR_FRAMELANE_EXTERNAL_MEMORY";
    /// The picture or message cannot be decoded or encoded.
    Codec = 21, "ERR_FRAMELANE_CODEC";
    /// Settings were changed after the first use.
    Configured = 22, "ERR_FRAMELANE_CONFIGURED";
    /// Nothing arrived in the time allowed.
    Timeout = 23, "ERR_FRAMELANE_TIMEOUT";
    /// The operating system refused an operation.
    System = 24, "ERR_FRAMELANE_SYSTEM";
    /// A defect in framelane: a panic was caught at the boundary.
    Internal = 25, "ERR_FRAMELANE_INTERNAL";
    /// A subscriber that must not lose frames has not taken those before this one.
    Backpressure = 26, "ERR_FRAMELANE_BACKPRESSURE";
    /// The topic's file was removed while it was open; the next call opens it anew.
    TopicRemoved = 27, "ERR_FRAMELANE_TOPIC_REMOVED";
    /// This process was forked, without exec, from one that used framelane.
    Forked = 28, "ERR_FRAMELANE_FORKED";
    /// The frame that a token names is gone: nobody holds it any more.
    Stale = 29, "ERR_FRAMELANE_STALE";
    /// There is no way from one encoding to the other in one step.
    NoConversion = 30, "ERR_FRAMELANE_NO_CONVERSION";
}

const _: () = {
    let mut index = 0;
    while index < ERROR_CODES.len() {
        assert!(ERROR_CODES[index].0 as usize == index + 1);
        index += 1;
    }
};

impl ErrorCode {
    /// The text users compare, `ERR_FRAMELANE_…`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ERROR_CODES[self as usize - 1].1
    }
}
