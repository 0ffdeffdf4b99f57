import Checkpoints

extension AutoencoderKLConfig {
  /// From the names of latent diffusion's own code (`AutoencoderKL` of CompVis/latent-diffusion,
  /// kept by open-mmlab/Amphion) to those of ``AutoencoderKL``.
  ///
  /// - Parameter prefix: what stands before the names in the file, with its dot.
  public func latentDiffusionNames(prefix: String) -> NameMap {
    var table = [("quant_conv", "quant_conv"), ("post_quant_conv", "post_quant_conv")]
    for half in ["encoder", "decoder"] {
      for end in ["conv_in", "conv_out"] { table.append(("\(half).\(end)", "\(half).\(end)")) }
      table.append(("\(half).norm_out", "\(half).conv_norm_out"))
      table.append(("\(half).mid.block_1", "\(half).mid_block.resnets.0"))
      table.append(("\(half).mid.block_2", "\(half).mid_block.resnets.1"))
    }
    let count = channels.count
    for level in 0..<count {
      let (down, up) = ("encoder.down_blocks.\(level)", "decoder.up_blocks.\(count - 1 - level)")
      for layer in 0...layers {
        if layer < layers {
          table.append(("encoder.down.\(level).block.\(layer)", "\(down).resnets.\(layer)"))
        }
        table.append(("decoder.up.\(level).block.\(layer)", "\(up).resnets.\(layer)"))
      }
      table.append(("encoder.down.\(level).downsample.conv", "\(down).downsamplers.0.conv"))
      table.append(("decoder.up.\(level).upsample.conv", "\(up).upsamplers.0.conv"))
    }
    return NameMap(
      prefixes: table.map { (prefix + $0.0, $0.1) }, parts: [("nin_shortcut", "conv_shortcut")])
  }
}
