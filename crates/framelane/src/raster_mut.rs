//! What frames on loan of pixels in rows have in common: how their pixels are written, and what is
//! said of them.

use framelane_layout::ext::Camera;
use framelane_layout::{Chroma, ErrorCode};
use framelane_topic::{Error, Result};

use crate::element::{Element, bytes_of, values_mut};
use crate::ext::Ext;
use crate::loaned::Loaned;
use crate::raster::{PixelShape, of_type, pixel_at, places, row_at};
use crate::validate::ImageShape;

impl<S: PixelShape> Loaned<S> {
    /// All values of the picture, to be written: there is no padding. `None` for another type than
    /// the encoding's.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(640, 480, Encoding::Mono16)?;
    /// for (index, value) in frame.values_mut::<u16>().unwrap().iter_mut().enumerate() {
    ///     *value = (index % 640) as u16; // a ramp
    /// }
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn values_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        of_type::<T>(self.shape.picture())?;
        values_mut(self.data_mut())
    }

    /// The values of row `y`, in the first plane, to be written; as [`row`](Self::row).
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(640, 480, Encoding::Rgb8)?;
    /// frame.row_mut::<u8>(479).unwrap().fill(0);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn row_mut<T: Element>(&mut self, y: u32) -> Option<&mut [T]> {
        let (start, bytes) = row_at::<T>(self.shape.picture(), y)?;
        values_mut(self.data_mut().get_mut(start..start + bytes)?)
    }

    /// The bytes of plane 0, 1 or 2, to be written: rows of no padding. `None` where there are
    /// fewer.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Nv12)?;
    /// frame.plane_mut(1).unwrap().fill(128); // no colours
    /// assert!(frame.plane_mut(2).is_none());
    /// # Ok::<(), framelane::Error>(())
    /// ```
    #[must_use]
    pub fn plane_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        let place = places(self.shape.picture()).into_iter().nth(index)?;
        self.data_mut().get_mut(place.offset..place.offset + place.bytes())
    }

    /// Sets the values of the pixel in column `x` of row `y`.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, ErrorCode, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(4, 2, Encoding::Rgb8)?;
    /// frame.set_pixel(0, 0, &[255_u8, 128, 0])?;
    /// let wrong = frame.set_pixel(0, 0, &[255_u8]).unwrap_err();
    /// assert_eq!(wrong.code(), ErrorCode::InvalidLength);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidLength`] for another number of values than the encoding has channels,
    /// [`ErrorCode::InvalidArgument`] for values of another type and outside the picture,
    /// [`ErrorCode::InvalidEncoding`] for a picture in planes.
    pub fn set_pixel<T: Element>(&mut self, x: u32, y: u32, values: &[T]) -> Result<()> {
        let shape = *self.shape.picture();
        check_values::<T>(&shape, values.len())?;
        if shape.encoding.info().chroma != Chroma::Inline {
            let text = format!("{} is in planes: write them", shape.encoding.info().name);
            return Err(Error::new(ErrorCode::InvalidEncoding, text));
        }
        let Some((start, bytes)) = pixel_at::<T>(&shape, x, y) else {
            let text = format!("({x}, {y}) is outside of {}x{}", shape.width, shape.height);
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        };
        self.data_mut()[start..start + bytes].copy_from_slice(bytes_of(values));
        Ok(())
    }

    /// Gives all pixels the same values; those of pictures in planes are Y, U and V.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(2, 1, Encoding::Rgba8)?;
    /// frame.fill(&[0_u8, 0, 0, 255])?;
    /// assert_eq!(frame.data(), [0, 0, 0, 255, 0, 0, 0, 255]);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidLength`] for another number of values than the encoding has channels,
    /// [`ErrorCode::InvalidArgument`] for values of another type.
    pub fn fill<T: Element>(&mut self, values: &[T]) -> Result<()> {
        let shape = *self.shape.picture();
        check_values::<T>(&shape, values.len())?;
        let mut rest = bytes_of(values);
        for (index, place) in places(&shape).iter().enumerate() {
            let (pixel, others) = rest.split_at(usize::from(place.channels) * size_of::<T>());
            rest = others;
            for to in self.plane_mut(index).unwrap_or_default().chunks_exact_mut(pixel.len()) {
                to.copy_from_slice(pixel);
            }
        }
        Ok(())
    }

    /// Says which camera took the picture; it travels with the frame.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Camera, Encoding, Image, Topic};
    /// # let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(640, 480, Encoding::Rgb8)?;
    /// frame.set_camera(&Camera::pinhole(640, 480, 525.0, 525.0, 319.5, 239.5))?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for more than 14 distortion coefficients.
    pub fn set_camera(&mut self, camera: &Camera) -> Result<()> {
        if usize::from(camera.coefficients) > camera.d.len() {
            let text = format!("at most {} distortion coefficients", camera.d.len());
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        self.write_ext(&Ext { camera: Some(*camera), ..Ext::default() })
    }

    /// Says how many millimetres a unit of `Depth16` stands for.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, Topic};
    /// # let mut topic = Topic::<DepthImage>::open("depth")?;
    /// let mut frame = topic.loan(640, 480, DepthFormat::Raw)?;
    /// frame.set_depth_scale(0.1)?; // 65,535 is 6.5535 m
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::InvalidArgument`] for what is not above 0, or infinite.
    pub fn set_depth_scale(&mut self, millimetres: f32) -> Result<()> {
        if !(millimetres.is_finite() && millimetres > 0.0) {
            let text = format!("a depth scale is millimetres above 0, got {millimetres}");
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        self.say(|said| said.depth_scale = millimetres);
        Ok(())
    }
}

fn check_values<T: Element>(shape: &ImageShape, count: usize) -> Result<()> {
    let info = shape.encoding.info();
    if info.dtype != T::DTYPE {
        let (name, wanted, got) = (info.name, info.dtype.info().name, T::DTYPE.info().name);
        let text = format!("{name} has values of type {wanted}, got {got}");
        return Err(Error::new(ErrorCode::InvalidArgument, text));
    }
    if count != usize::from(info.channels) {
        let text = format!("a pixel of {} has {} values, got {count}", info.name, info.channels);
        return Err(Error::new(ErrorCode::InvalidLength, text));
    }
    Ok(())
}
