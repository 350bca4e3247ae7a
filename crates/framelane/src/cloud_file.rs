//! Point clouds in and out of PCD and PLY files.

use framelane_kernels::{
    Cloud, CloudFormat, CloudInfo, CloudStyle, decode_cloud, encode_cloud, probe_cloud,
};
use framelane_layout::ErrorCode;
use framelane_topic::{Error, Result};

use crate::cloud::PointCloudMut;
use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::point_layout::PointLayout;
use crate::received::Received;
use crate::validate::CloudShape;

fn info_of(shape: &CloudShape, fields: Vec<framelane_kernels::PointField>) -> CloudInfo {
    let CloudShape { width, height, point_bytes, .. } = *shape;
    CloudInfo { width, height, point_bytes, fields }
}

impl PointLayout {
    /// Width, height and points of the cloud in a PCD or PLY file, as [`loan`](crate::Topic::loan)
    /// takes them before [`decode`](Loaned::decode). Only the header is read, but of a whole file:
    /// one that claims more points than it has bytes is refused.
    ///
    /// ```
    /// use framelane::{ErrorCode, PointLayout};
    ///
    /// let file = b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\n\
    ///     property uchar red\nend_header\n1.5 255\n-2 0\n";
    /// let (width, height, layout) = PointLayout::probe(file)?;
    /// assert_eq!((width, height, layout.point_bytes()), (2, 1, 8)); // aligned, 3 bytes unused
    /// assert_eq!(PointLayout::probe(b"PNG").unwrap_err().code(), ErrorCode::Codec);
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Codec`] for what is neither, or broken.
    pub fn probe(file: &[u8]) -> Result<(u32, u32, Self)> {
        let CloudInfo { width, height, point_bytes, fields } =
            probe_cloud(file).map_err(in_rust)?;
        Ok((width, height, Self::with_fields(fields, point_bytes)?))
    }
}

impl Received<CloudShape> {
    /// The cloud as a file, all fields of it.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{CloudFormat, CloudStyle, PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// # let mut cloud = topic.loan(1, 1, &PointLayout::xyz())?;
    /// # cloud.values_mut::<f32>().unwrap().copy_from_slice(&[1.0, 2.5, -3.0]);
    /// # topic.send(cloud)?;
    /// let cloud = topic.try_recv()?.unwrap();
    /// let file = cloud.encode(CloudFormat::Pcd, CloudStyle::Ascii)?;
    /// assert!(file.ends_with(b"DATA ascii\n1 2.5 -3\n"));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Codec`] for types and names of fields that the format cannot hold: see
    /// [`CloudFormat`].
    pub fn encode(&self, format: CloudFormat, style: CloudStyle) -> Result<Vec<u8>> {
        let info = info_of(&self.shape, self.fields());
        let cloud = Cloud::new(&info, self.data()).map_err(in_rust)?;
        encode_cloud(&cloud, format, style).map_err(in_rust)
    }
}

impl Loaned<CloudShape> {
    /// Reads the points of a PCD or PLY file straight into the slot. The cloud has the size and
    /// the fields that [`PointLayout::probe`] says.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// # let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let file = b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\n\
    ///     property uchar red\nend_header\n1.5 255\n-2 0\n";
    /// let (width, height, layout) = PointLayout::probe(file)?;
    /// let mut cloud = topic.loan(width, height, &layout)?;
    /// cloud.decode(file)?;
    /// assert_eq!(cloud.field::<f32>("x").unwrap().get(1), Some(-2.0));
    /// topic.send(cloud)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorCode::Codec`] for a file that is broken; what is in the slot then is unspecified.
    /// Unchanged it stays where the file does not fit: [`ErrorCode::InvalidSize`] for another
    /// number of points, [`ErrorCode::InvalidArgument`] for other fields.
    pub fn decode(&mut self, file: &[u8]) -> Result<()> {
        let info = probe_cloud(file).map_err(in_rust)?;
        self.check_fits(&info)?;
        decode_cloud(file, &info, self.data_mut()).map_err(in_rust)
    }
}

impl PointCloudMut {
    fn check_fits(&self, file: &CloudInfo) -> Result<()> {
        let own = info_of(&self.shape, self.fields());
        if (own.width, own.height) != (file.width, file.height) {
            let text = format!(
                "a file of {}x{} points does not fit a cloud of {}x{}",
                file.width, file.height, own.width, own.height
            );
            return Err(Error::new(ErrorCode::InvalidSize, text));
        }
        if own != *file {
            let text = format!(
                "expected a cloud of the file's fields, {:?} in {} bytes, got {:?} in {}",
                file.fields, file.point_bytes, own.fields, own.point_bytes
            );
            return Err(Error::new(ErrorCode::InvalidArgument, text));
        }
        Ok(())
    }
}
