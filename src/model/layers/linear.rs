//! Linear maps.

use burn_tensor::{DType, Tensor};

use crate::error::Result;
use crate::model::cpu::linear::{Map, linear, linear_onto};
use crate::model::cpu::{Host, matrix};
use crate::model::loader::Loader;

/// A linear map: a weight `[out, in]` and an optional bias `[out]`.
#[derive(Debug)]
pub enum Linear {
    /// On a device.
    Device(Box<DeviceLinear>),
    /// In main memory, laid out for products on the CPU.
    Host(Map),
}

/// A [`Linear`] on a device.
#[derive(Debug)]
pub struct DeviceLinear {
    weight: Tensor<2>,
    /// Whether the weight is `[in, out]`.
    inputs_first: bool,
    bias: Option<Tensor<1>>,
}

impl Linear {
    /// Loads `weight`, `[out, in]`, and, where `bias` says so, `bias`.
    pub fn load(loader: &Loader<'_>, sizes: [usize; 2], bias: bool) -> Result<Self> {
        Self::load_either(loader, sizes, bias, false)
    }

    /// Loads `weight`, `[in, out]`, and `bias`: GPT-2's `Conv1D`.
    pub fn load_inputs_first(loader: &Loader<'_>, sizes: [usize; 2]) -> Result<Self> {
        Self::load_either(loader, sizes, true, true)
    }

    fn load_either(
        loader: &Loader<'_>,
        [inputs, outputs]: [usize; 2],
        bias: bool,
        inputs_first: bool,
    ) -> Result<Self> {
        let bias = if bias { Some(loader.tensor("bias", [outputs])?) } else { None };
        if loader.on_cpu() {
            let weight = loader.on_host("weight", [inputs, outputs], inputs_first)?;
            return Ok(Self::Host(Map { weight, bias: bias.map(|bias| Host::new(bias).into_values()) }));
        }
        let shape = if inputs_first { [inputs, outputs] } else { [outputs, inputs] };
        let weight = loader.matrix("weight", shape)?;
        Ok(Self::Device(Box::new(DeviceLinear { weight, inputs_first, bias })))
    }

    /// The map in main memory; `None` where it is on a device.
    pub(super) fn on_host(&self) -> Option<&Map> {
        match self {
            Self::Host(map) => Some(map),
            Self::Device(_) => None,
        }
    }

    /// `[rows, in]` to `[rows, out]`, in f32 whatever the product is computed in.
    ///
    /// # Errors
    /// Weights that lie in files and cannot be read.
    pub fn forward(&self, x: Tensor<2>) -> Result<Tensor<2>> {
        Self::forward_all([self], x).map(|[found]| found)
    }

    /// The same, added to states: a residual connection.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward_onto(&self, onto: Tensor<2>, x: Tensor<2>) -> Result<Tensor<2>> {
        match self {
            Self::Host(map) => {
                let rows = onto.dims()[0];
                let found = linear_onto(Host::new(onto).into_values(), Host::new(x).values(), map)?;
                Ok(matrix(found, rows))
            }
            Self::Device(map) => Ok(onto + map.forward(x)),
        }
    }

    /// The same as [`Linear::forward`] by several maps of one place, which take what they have in common but once.
    ///
    /// # Errors
    /// As [`Linear::forward`].
    pub fn forward_all<const N: usize>(maps: [&Self; N], x: Tensor<2>) -> Result<[Tensor<2>; N]> {
        if let Some(maps) = all(maps.map(Self::on_host)) {
            let rows = x.dims()[0];
            return Ok(linear(Host::new(x).values(), maps)?.map(|values| matrix(values, rows)));
        }
        Ok(maps.map(|map| match map {
            Self::Host(_) => unreachable!("maps that are used together are in one place"),
            Self::Device(map) => map.forward(x.clone()),
        }))
    }
}

impl DeviceLinear {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let weight = self.weight.clone();
        let product = product(x, if self.inputs_first { weight } else { weight.transpose() });
        match &self.bias {
            Some(bias) => product + bias.clone().unsqueeze(),
            None => product,
        }
    }
}

/// What all of several options hold.
fn all<T: Copy, const N: usize>(options: [Option<T>; N]) -> Option<[T; N]> {
    options
        .iter()
        .all(Option::is_some)
        .then(|| options.map(|option| option.unwrap_or_else(|| unreachable!())))
}

/// x · weight, computed in the type of the weight and given in f32.
pub fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    match weight.dtype() {
        DType::F32 => x.matmul(weight),
        narrow => x.cast(narrow).matmul(weight).cast(DType::F32),
    }
}
