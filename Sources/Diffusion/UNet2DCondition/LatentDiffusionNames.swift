import Checkpoints

extension UNet2DConditionConfig {
  /// From the names of latent diffusion's own code (`UNetModel` of CompVis/latent-diffusion, kept by
  /// open-mmlab/Amphion) to those of ``UNet2DConditionModel``.
  ///
  /// - Parameter prefix: what stands before the names in the file, with its dot.
  public func latentDiffusionNames(prefix: String) -> NameMap {
    var table = [
      ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
      ("input_blocks.0.0", "conv_in"), ("middle_block.0", "mid_block.resnets.0"),
      ("middle_block.1", "mid_block.attentions.0"), ("middle_block.2", "mid_block.resnets.1"),
      ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
    ]
    var place = 1
    for (index, level) in levels.enumerated() {
      let block = "down_blocks.\(index)"
      for layer in 0..<level.layers {
        table.append(("input_blocks.\(place).0", "\(block).resnets.\(layer)"))
        table.append(("input_blocks.\(place).1", "\(block).attentions.\(layer)"))
        place += 1
      }
      table.append(("input_blocks.\(place).0.op", "\(block).downsamplers.0.conv"))
      place += 1
    }
    place = 0
    for (index, level) in levels.reversed().enumerated() {
      let block = "up_blocks.\(index)"
      for layer in 0...level.layers {
        table.append(("output_blocks.\(place).0", "\(block).resnets.\(layer)"))
        table.append(("output_blocks.\(place).1", "\(block).attentions.\(layer)"))
        let last = "output_blocks.\(place).\(level.attendsUp ? 2 : 1).conv"
        if layer == level.layers { table.append((last, "\(block).upsamplers.0.conv")) }
        place += 1
      }
    }
    return NameMap(
      prefixes: table.map { (prefix + $0.0, $0.1) },
      parts: [
        ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"),
        ("out_layers.0", "norm2"), ("out_layers.3", "conv2"),
        ("skip_connection", "conv_shortcut"),
      ])
  }
}
