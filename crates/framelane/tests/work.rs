//! Work on pixels and points, from frame to frame: what comes out, and what is refused.

#![allow(clippy::unwrap_used)]

use std::sync::Mutex;

use framelane::{
    Camera, CloudFormat, CloudStyle, Config, ConvertOptions, DepthFormat, DepthImage, Dtype,
    Encoding, ErrorCode, Filter, Frame, Image, PointCloud, PointLayout, Result, TensorLayout,
    Topic, Yuv, YuvMatrix, YuvRange, configure,
};

const HD: Yuv = Yuv { matrix: YuvMatrix::Bt709, range: YuvRange::Full };

/// A topic of a test's own.
fn topic<T: Frame>() -> Topic<T> {
    static TOPICS: Mutex<u32> = Mutex::new(0);
    let namespace = Some(format!("work.{}", std::process::id()));
    // Refused where another test was first, with the same.
    drop(configure(Config { namespace, ..Config::default() }));
    let mut topics = TOPICS.lock().unwrap();
    *topics += 1;
    Topic::open(&format!("work.{topics}")).unwrap()
}

fn code<T>(result: Result<T>) -> ErrorCode {
    result.err().unwrap().code()
}

#[test]
fn a_picture_goes_to_y_u_v_and_back_by_the_matrix_of_the_frame() {
    let mut images = topic::<Image>();
    let mut red = images.loan(4, 2, Encoding::Rgb8).unwrap();
    red.fill(&[255_u8, 0, 0]).unwrap();
    let mut yuv = images.loan(4, 2, Encoding::Nv12).unwrap();
    let hd = ConvertOptions { yuv: Some(HD), ..ConvertOptions::default() };
    red.convert_into(&mut yuv, &hd).unwrap();
    assert_eq!(yuv.data()[0], 54, "0.2126 of 255");
    images.send(yuv).unwrap();
    let yuv = images.try_recv().unwrap().unwrap();
    assert_eq!((yuv.yuv_matrix(), yuv.yuv_range()), (Some(HD.matrix), Some(HD.range)));

    let mut back = images.loan(4, 2, Encoding::Rgb8).unwrap();
    back.set_yuv(HD);
    yuv.convert_into(&mut back, &ConvertOptions::default()).unwrap();
    for (got, wanted) in back.data().iter().zip(red.data()) {
        assert!(got.abs_diff(*wanted) <= 2, "{:?}", back.data());
    }
    // Taken for the other matrix it is another red.
    let sd = ConvertOptions { yuv: Some(Yuv::default()), ..ConvertOptions::default() };
    let mut other = images.loan(4, 2, Encoding::Rgb8).unwrap();
    yuv.convert_into(&mut other, &sd).unwrap();
    assert_ne!(other.data(), back.data());
    images.send(back).unwrap();
    assert_eq!(images.try_recv().unwrap().unwrap().yuv_matrix(), None, "no Y, U and V");

    let mut copy = images.loan(4, 2, Encoding::Nv12).unwrap();
    yuv.convert_into(&mut copy, &ConvertOptions::default()).unwrap();
    let mut small = images.loan(2, 2, Encoding::Nv12).unwrap();
    yuv.resize_into(&mut small, Filter::Bilinear).unwrap();
    assert_eq!(small.data(), [54, 54, 54, 54, yuv.data()[8], yuv.data()[9]]);
    for frame in [copy, small] {
        images.send(frame).unwrap();
        assert_eq!(images.try_recv().unwrap().unwrap().yuv_matrix(), Some(HD.matrix));
    }
}

#[test]
fn pictures_that_do_not_fit_are_refused_and_nothing_is_written() {
    let mut images = topic::<Image>();
    let mut frame = |width, encoding| {
        let mut frame = images.loan(width, 2, encoding).unwrap();
        frame.data_mut().fill(7);
        frame
    };
    let how = ConvertOptions::default();
    let (rgb, yuyv) = (frame(4, Encoding::Rgb8), frame(4, Encoding::Yuyv));
    let (mut narrow, mut planes) = (frame(2, Encoding::Mono8), frame(4, Encoding::I420));
    planes.set_yuv(HD);
    assert_eq!(code(rgb.convert_into(&mut narrow, &how)), ErrorCode::InvalidSize);
    assert_eq!(code(yuyv.convert_into(&mut planes, &how)), ErrorCode::NoConversion);
    let far_first = ConvertOptions { depth_range_mm: Some((2, 1)), ..how };
    let (depth, mut grey) = (frame(4, Encoding::Depth16), frame(4, Encoding::Mono8));
    assert_eq!(code(depth.convert_into(&mut grey, &far_first)), ErrorCode::InvalidArgument);

    assert_eq!(code(rgb.resize_into(&mut narrow, Filter::Area)), ErrorCode::InvalidEncoding);
    let mut less = frame(2, Encoding::Yuyv);
    assert_eq!(code(yuyv.resize_into(&mut less, Filter::Area)), ErrorCode::InvalidEncoding);
    let mut near = frame(2, Encoding::Depth16);
    assert_eq!(code(depth.resize_into(&mut near, Filter::Area)), ErrorCode::InvalidArgument);
    for untouched in [&narrow, &planes, &grey, &less, &near] {
        assert!(untouched.data().iter().all(|&byte| byte == 7));
    }
    depth.resize_into(&mut near, Filter::Nearest).unwrap();

    let mut out = [7.0; 24];
    let mut input = |frame: &framelane::ImageMut, length: usize, mean: &[f32], std: &[f32]| {
        frame.tensor_input(&mut out[..length], TensorLayout::Hwc, mean, std)
    };
    assert_eq!(code(input(&yuyv, 24, &[0.0], &[1.0])), ErrorCode::InvalidEncoding);
    assert_eq!(code(input(&rgb, 23, &[0.0], &[1.0])), ErrorCode::InvalidLength);
    assert_eq!(code(input(&rgb, 24, &[0.0; 2], &[1.0])), ErrorCode::InvalidArgument);
    assert_eq!(code(input(&rgb, 24, &[0.0], &[0.0])), ErrorCode::InvalidArgument);
    assert_eq!(out, [7.0; 24]);

    images.send(planes).unwrap();
    let planes = images.try_recv().unwrap().unwrap();
    assert_eq!(planes.yuv_matrix(), Some(HD.matrix), "as it was said");
}

#[test]
fn depths_become_points_with_colours() {
    let (mut depths, mut images) = (topic::<DepthImage>(), topic::<Image>());
    let mut clouds = topic::<PointCloud>();
    let mut depth = depths.loan(2, 2, DepthFormat::Raw).unwrap();
    depth.set_depth_scale(0.5).unwrap();
    depth.raw_mut().unwrap().copy_from_slice(&[0, 2000, 4000, 0]);
    let camera = Camera::pinhole(2, 2, 2.0, 1.0, 0.0, 0.0);
    let mut colour = images.loan(2, 2, Encoding::Bgr8).unwrap();
    colour.copy_from(&[0, 0, 0, 3, 2, 1, 6, 5, 4, 0, 0, 0]).unwrap();
    images.send(colour).unwrap();
    let colour = images.try_recv().unwrap().unwrap();

    assert_eq!(depth.known_depths(), 2);
    let found = depth.statistics().unwrap();
    assert_eq!((found.min, found.max, found.mean), (1.0, 2.0, 1.5));
    let mut dense = clouds.loan(2, 1, &PointLayout::xyz_rgb()).unwrap();
    depth.points_into(&camera, Some(&colour), &mut dense).unwrap();
    assert!(dense.xyz().unwrap().eq([[0.5, 0.0, 1.0], [0.0, 2.0, 2.0]]));
    let bits = |index| dense.field::<f32>("rgb").unwrap().get(index).unwrap().to_bits();
    assert_eq!([bits(0), bits(1)], [0x0001_0203, 0x0004_0506]);
    depth.raw_mut().unwrap().fill(0);
    assert_eq!((depth.known_depths(), depth.statistics()), (0, None));
}

#[test]
fn clouds_that_points_do_not_fit_are_refused() {
    let (mut depths, mut images) = (topic::<DepthImage>(), topic::<Image>());
    let mut clouds = topic::<PointCloud>();
    let mut depth = depths.loan(2, 2, DepthFormat::Metres).unwrap();
    depth.metres_mut().unwrap().copy_from_slice(&[1.0, 2.0, 3.0, 0.0]);
    let camera = Camera::pinhole(2, 2, 1.0, 1.0, 0.0, 0.0);
    let (xyz, coloured) = (PointLayout::xyz(), PointLayout::xyz_rgb());
    let mut cloud = |width, height, layout: &PointLayout| {
        let mut cloud = clouds.loan(width, height, layout).unwrap();
        cloud.data_mut().fill(7);
        cloud
    };
    for (width, height) in [(4, 1), (2, 1), (1, 3)] {
        let mut target = cloud(width, height, &xyz);
        assert_eq!(code(depth.points_into(&camera, None, &mut target)), ErrorCode::InvalidSize);
        assert!(target.data().iter().all(|&byte| byte == 7));
    }
    let doubles = PointLayout::uniform(3, Dtype::Float64).unwrap();
    let intensity = PointLayout::uniform(4, Dtype::Float32).unwrap();
    for layout in [&doubles, &intensity, &coloured] {
        let result = depth.points_into(&camera, None, &mut cloud(3, 1, layout));
        assert_eq!(code(result), ErrorCode::InvalidArgument);
    }
    let mut target = cloud(3, 1, &xyz);
    let other = Camera { width: 4, ..camera };
    assert_eq!(code(depth.points_into(&other, None, &mut target)), ErrorCode::InvalidSize);
    let mut flat = camera;
    flat.k[4] = 0.0;
    assert_eq!(code(depth.points_into(&flat, None, &mut target)), ErrorCode::InvalidArgument);

    let mut picture = |width, encoding| {
        let frame = images.loan(width, 2, encoding).unwrap();
        images.send(frame).unwrap();
        images.try_recv().unwrap().unwrap()
    };
    let (grey, wide) = (picture(2, Encoding::Mono8), picture(3, Encoding::Rgb8));
    let mut points = |colour: &Image| {
        let mut target = cloud(3, 1, &coloured);
        code(depth.points_into(&camera, Some(colour), &mut target))
    };
    assert_eq!(points(&grey), ErrorCode::InvalidEncoding);
    assert_eq!(points(&wide), ErrorCode::InvalidSize);
    // As many floats, by another name.
    let (rgb, mut target) = (picture(2, Encoding::Rgb8), cloud(3, 1, &intensity));
    let result = depth.points_into(&camera, Some(&rgb), &mut target);
    assert_eq!(code(result), ErrorCode::InvalidArgument);
}

#[test]
fn clouds_go_through_files() {
    let mut clouds = topic::<PointCloud>();
    let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)]).unwrap();
    let mut cloud = clouds.loan(3, 2, &layout).unwrap();
    cloud.data_mut().fill(0);
    for index in 0..6_u8 {
        cloud.field_mut::<f32>("x").unwrap().set(index.into(), f32::from(index) / 3.0);
        cloud.field_mut::<u16>("ring").unwrap().set(index.into(), 65_530 + u16::from(index));
    }
    clouds.send(cloud).unwrap();
    let cloud = clouds.try_recv().unwrap().unwrap();
    for format in [CloudFormat::Pcd, CloudFormat::Ply] {
        for style in [CloudStyle::Binary, CloudStyle::Ascii] {
            let file = cloud.encode(format, style).unwrap();
            let (width, height, found) = PointLayout::probe(&file).unwrap();
            assert_eq!((width, height, &found), (3, 2, &layout), "{format:?} {style:?}");
            let mut read = clouds.loan(width, height, &found).unwrap();
            read.decode(&file).unwrap();
            assert_eq!(read.data(), cloud.data(), "{format:?} {style:?}");
        }
    }
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let mut clouds = topic::<PointCloud>();
    let wide = PointLayout::uniform(1, Dtype::Uint64).unwrap();
    let mut cloud = clouds.loan(2, 1, &wide).unwrap();
    cloud.data_mut().fill(7);
    clouds.send(cloud).unwrap();
    let cloud = clouds.try_recv().unwrap().unwrap();
    assert_eq!(code(cloud.encode(CloudFormat::Ply, CloudStyle::Binary)), ErrorCode::Codec);
    let file = cloud.encode(CloudFormat::Pcd, CloudStyle::Binary).unwrap();

    let signed = PointLayout::uniform(1, Dtype::Int64).unwrap();
    for (width, layout, expected) in
        [(1, &wide, ErrorCode::InvalidSize), (2, &signed, ErrorCode::InvalidArgument)]
    {
        let mut target = clouds.loan(width, 1, layout).unwrap();
        target.data_mut().fill(9);
        assert_eq!(code(target.decode(&file)), expected);
        assert!(target.data().iter().all(|&byte| byte == 9));
    }
    let mut target = clouds.loan(2, 1, &wide).unwrap();
    assert_eq!(code(target.decode(&file[..file.len() - 1])), ErrorCode::Codec);
    assert_eq!(code(target.decode(b"")), ErrorCode::Codec);
}
