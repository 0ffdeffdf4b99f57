import Foundation
import Synchronization

/// A block of memory behind one or more tensors: owned and 64-byte aligned, or borrowed from an
/// owner (a mapped file) that it keeps alive.
///
/// Unchecked because it holds a raw pointer: tensors write only to storage that they alone hold,
/// and borrowed storage is never written.
public final class Storage: @unchecked Sendable {
  package let base: UnsafeMutableRawPointer
  /// Size in bytes that may be used.
  public let byteCount: Int
  /// Keeps borrowed memory alive; nil when the memory is our own.
  private let owner: AnyObject?
  private let blockSize: Int
  /// False for borrowed memory.
  public var isOwned: Bool { blockSize > 0 }

  /// Owned memory with undefined content, recycled from earlier tensors where possible.
  package init(uninitializedBytes byteCount: Int) {
    self.byteCount = byteCount
    blockSize = BlockPool.blockSize(for: byteCount)
    base = BlockPool.take(blockSize)
    owner = nil
  }

  /// Memory of `owner`, read only.
  package init(borrowing base: UnsafeRawPointer, byteCount: Int, owner: AnyObject) {
    self.base = UnsafeMutableRawPointer(mutating: base)
    self.byteCount = byteCount
    self.owner = owner
    blockSize = 0
  }

  deinit {
    if blockSize > 0 { BlockPool.give(base, blockSize) }
  }
}

/// Free blocks by size, so that a network's loop does not go to the operating system for fresh,
/// unmapped pages at each layer.
enum BlockPool {
  private struct Shelf: @unchecked Sendable {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var bytes = 0
  }
  private static let shelf = Mutex(Shelf())
  /// Free blocks beyond this many bytes go back to the system.
  private static let capacity = 192 << 20

  /// Sizes are rounded up to a quarter of a power of two: few sizes, at most 25% lost.
  static func blockSize(for byteCount: Int) -> Int {
    let least = max(byteCount, 256)
    let step = max(64, (1 << (Int.bitWidth - 1 - least.leadingZeroBitCount)) / 4)
    return (least + step - 1) / step * step
  }

  static func take(_ size: Int) -> UnsafeMutableRawPointer {
    let found: UInt? = shelf.withLock { shelf in
      guard let block = shelf.free[size]?.popLast() else { return nil }
      shelf.bytes -= size
      return UInt(bitPattern: block)
    }
    if let found, let block = UnsafeMutableRawPointer(bitPattern: found) { return block }
    return .allocate(byteCount: size, alignment: 64)
  }

  static func give(_ block: UnsafeMutableRawPointer, _ size: Int) {
    let address = UInt(bitPattern: block)
    let kept = shelf.withLock { shelf in
      guard shelf.bytes + size <= capacity else { return false }
      guard let block = UnsafeMutableRawPointer(bitPattern: address) else { return false }
      shelf.free[size, default: []].append(block)
      shelf.bytes += size
      return true
    }
    if !kept { block.deallocate() }
  }
}
