//! Tokens: nothing is lost on the way into a text and back, and no other text is one.
#![allow(clippy::unwrap_used)]

use framelane_layout::token::{PREFIX, TEXT_BYTES, TokenError};
use framelane_layout::{Descriptor, Encoding, Kind, Token};

/// As in the test below, but for a byte that is zero in this form.
const RESERVED: &str = "fl1.AgAAAAAAAADvzauJZ0UjAQkAAAADAAAA6AMAAAAAAAABAgEAAwEAAAADAAAAAAAAEAAA\
                        ABAAAAADAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAf-M_S5On6gY";

fn token() -> Token {
    let words = [0, 1, 2, 3, 4, 5, 6, 7].map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xfe);
    Token { descriptor: Descriptor::from_words(words), process: 0xfedc_ba98, transfer: 7 }
}

#[test]
fn a_token_comes_back_as_it_was() {
    for token in [token(), Token::default(), Token::of(&token().descriptor)] {
        let text = token.to_text();
        assert_eq!((text.as_str().len(), &text.as_str()[..4]), (TEXT_BYTES, PREFIX));
        assert_eq!(Token::parse(text.as_str()), Ok(token));
    }
}

/// A text that other languages can test theirs by; SPEC.md shows it.
#[test]
fn the_text_of_a_token_is_fixed() {
    let descriptor = Descriptor {
        seq: 2,
        pool_id: 0x0123_4567_89ab_cdef,
        generation: 9,
        slot: 3,
        gen_hi: 0,
        sent_ns: 1000,
        kind: Kind::Image as u8,
        encoding: Encoding::Rgb8 as u8,
        dtype: Encoding::Rgb8.info().dtype as u8,
        flags: 0,
        ndim: 3,
        nparts: 1,
        abi_minor: 0,
        payload_bytes: 768,
        dims: [16, 16, 3],
        step: 48,
    };
    let text = Token::of(&descriptor).to_text();
    let expected = "fl1.AgAAAAAAAADvzauJZ0UjAQkAAAADAAAA6AMAAAAAAAABAgEAAwEAAAADAAAAAAAAEAAA\
                    ABAAAAADAAAAMAAAAAAAAAAAAAAAAAAAAAAAAAAAAEyL_S5OnqgY";
    assert_eq!(text.as_str(), expected);
}

#[test]
fn every_other_text_is_refused() {
    let text = token().to_text();
    let good = text.as_str();
    for at in 0..good.len() {
        for byte in 0..128 {
            let mut changed = good.as_bytes().to_vec();
            changed[at] = byte;
            if changed != good.as_bytes() {
                let changed = String::from_utf8(changed).unwrap();
                assert!(Token::parse(&changed).is_err(), "{changed}");
            }
        }
    }
    for length in 0..good.len() {
        assert_eq!(Token::parse(&good[..length]), Err(TokenError::Length));
    }
    for (text, error) in [
        (format!("{good}A"), TokenError::Length),
        (good.replace("fl1.", "fl2."), TokenError::Prefix),
        (format!("{}=", &good[..TEXT_BYTES - 1]), TokenError::Letter),
        (format!("{}+", &good[..TEXT_BYTES - 1]), TokenError::Letter),
        (format!("{}AAAA", &good[..TEXT_BYTES - 4]), TokenError::Checksum),
        (RESERVED.into(), TokenError::Reserved),
        (Token { process: 0, ..token() }.to_text().as_str().into(), TokenError::Reserved),
        (Token { transfer: 0, ..token() }.to_text().as_str().into(), TokenError::Reserved),
    ] {
        assert_eq!(Token::parse(&text), Err(error), "{text}");
    }
}
