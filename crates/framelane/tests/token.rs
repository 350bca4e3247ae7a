//! Frames by name: what a token leads to, and what it does not.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use framelane::raw::layout::Token;
use framelane::{Config, Encoding, ErrorCode, Image, Options, Topic, configure};

const SECOND: Duration = Duration::from_secs(1);

fn send(topic: &mut Topic<Image>, value: u8) {
    let mut frame = topic.loan(32, 32, Encoding::Mono8).unwrap();
    frame.data_mut().fill(value);
    topic.send(frame).unwrap();
}

fn code(token: &str) -> ErrorCode {
    Image::from_token(token).unwrap_err().code()
}

#[test]
fn a_token_leads_to_its_frame_while_somebody_holds_it() {
    let namespace = Some(format!("token-{}", std::process::id()));
    configure(Config { namespace, ..Config::default() }).unwrap();
    let options = Options { depth: 1, ..Options::default() };
    let mut topic = Topic::<Image>::open_with("named", options).unwrap();
    send(&mut topic, 5);
    let frame = topic.recv(SECOND).unwrap();
    let text = frame.token();
    let same = Image::from_token(&text).unwrap();
    assert_eq!((same.data().as_ptr(), same.sent_ns()), (frame.data().as_ptr(), frame.sent_ns()));
    assert_eq!(same.token(), text);
    drop(frame);
    (6..60).for_each(|value| send(&mut topic, value));
    assert!(Image::from_token(&text).unwrap().data().iter().all(|&value| value == 5));

    // What it says is compared with what the slot says.
    let token = Token::parse(&text).unwrap();
    let forged = |change: fn(&mut Token)| {
        let mut forged = token;
        change(&mut forged);
        code(forged.to_text().as_str())
    };
    assert_eq!(forged(|token| token.descriptor.dims[0] = 31), ErrorCode::InvalidArgument);
    assert_eq!(forged(|token| token.descriptor.step = 16), ErrorCode::InvalidArgument);
    assert_eq!(forged(|token| token.descriptor.payload_bytes = 1), ErrorCode::InvalidArgument);
    assert_eq!(forged(|token| token.descriptor.kind = 2), ErrorCode::InvalidArgument);
    assert_eq!(forged(|token| token.descriptor.generation += 1), ErrorCode::Stale);
    assert_eq!(forged(|token| token.descriptor.gen_hi += 1), ErrorCode::Stale);
    assert_eq!(forged(|token| token.descriptor.slot = u16::MAX), ErrorCode::Stale);
    assert_eq!(forged(|token| token.descriptor.pool_id ^= 1), ErrorCode::Stale);
    let transfer = Token { process: 1, transfer: 1, ..token };
    assert_eq!(code(transfer.to_text().as_str()), ErrorCode::Stale);
    assert_eq!(code("fl1."), ErrorCode::InvalidArgument);

    drop(same);
    (6..60).for_each(|value| send(&mut topic, value));
    assert_eq!(code(&text), ErrorCode::Stale);
}
