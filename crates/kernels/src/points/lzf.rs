//! The decompressor of LibLZF, which `binary_compressed` PCD files are written with.

/// Most bytes that 3 compressed bytes can stand for.
const LONGEST: usize = 264;

/// What is wrong with compressed bytes.
pub(super) enum LzfError {
    /// They end within a step, or point in front of the beginning.
    Broken,
    /// They become so many bytes, if not more.
    Length(usize),
}

/// Decompresses into exactly `expected` bytes. No more memory is taken than the input can
/// become.
pub(super) fn decompress(input: &[u8], expected: usize) -> Result<Vec<u8>, LzfError> {
    let most = input.len().saturating_mul(LONGEST / 3);
    let mut output = Vec::with_capacity(expected.min(most));
    let mut rest = input.iter();
    while let Some(&control) = rest.next() {
        if control < 32 {
            // 1 to 32 bytes as they are.
            let length = usize::from(control) + 1;
            let (bytes, behind) =
                rest.as_slice().split_at_checked(length).ok_or(LzfError::Broken)?;
            output.extend_from_slice(bytes);
            rest = behind.iter();
        } else {
            // 3 to 264 bytes that stood `distance` bytes before.
            let mut length = usize::from(control >> 5);
            if length == 7 {
                length += usize::from(*rest.next().ok_or(LzfError::Broken)?);
            }
            let low = usize::from(*rest.next().ok_or(LzfError::Broken)?);
            let distance = (usize::from(control & 31) << 8) + low + 1;
            repeat(&mut output, distance, length + 2)?;
        }
        if output.len() > expected {
            return Err(LzfError::Length(output.len()));
        }
    }
    if output.len() == expected { Ok(output) } else { Err(LzfError::Length(output.len())) }
}

/// Appends `length` bytes that begin `distance` bytes before the end, and may go on beyond it.
fn repeat(output: &mut Vec<u8>, distance: usize, length: usize) -> Result<(), LzfError> {
    let start = output.len().checked_sub(distance).ok_or(LzfError::Broken)?;
    let mut left = length;
    while left > 0 {
        let some = left.min(output.len() - start);
        output.extend_from_within(start..start + some);
        left -= some;
    }
    Ok(())
}
