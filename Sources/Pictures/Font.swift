import Foundation

/// A font of 5 × 7 dots, and two rows below the line.
enum Font {
  /// Pixels that `count` characters take.
  static func width(_ count: Int, scale: Int) -> Int { max(0, count * 6 - 1) * scale }

  /// Rows of dots (16 = leftmost) for each character; accents are dropped, and what is unknown
  /// becomes a question mark.
  static func glyphs(_ text: String) -> [[UInt8]] {
    text.folding(options: .diacriticInsensitive, locale: nil).map { character in
      rows[aliases[character] ?? character] ?? rows["?"] ?? []
    }
  }

  private static let aliases: [Character: Character] = [
    "−": "-", "–": "-", "—": "-", "’": "'", "“": "\"", "”": "\"", "×": "x",
  ]

  private static let rows: [Character: [UInt8]] = {
    var table: [Character: [UInt8]] = [:]
    for entry in drawn.split(separator: "\n") {
      guard let character = entry.first else { continue }
      table[character] = entry.dropFirst(2).compactMap { UInt8(String($0), radix: 32) }
    }
    table[" "] = [0]
    return table
  }()

  /// A character, a space, and its rows from the top as digits to the base 32.
  private static let drawn = """
    0 ehjlphe
    1 4c4444e
    2 eh1248v
    3 v2421he
    4 26aiv22
    5 vgu11he
    6 68guhhe
    7 v124888
    8 ehhehhe
    9 ehhf12c
    A ehhvhhh
    B uhhuhhu
    C ehggghe
    D uhhhhhu
    E vgguggv
    F vgguggg
    G ehgnhhf
    H hhhvhhh
    I e44444e
    J 72222ic
    K hikokih
    L ggggggv
    M hrllhhh
    N hhpljhh
    O ehhhhhe
    P uhhuggg
    Q ehhhlid
    R uhhukih
    S fgge11u
    T v444444
    U hhhhhhe
    V hhhhha4
    W hhhllla
    X hha4ahh
    Y hhha444
    Z v1248gv
    a 00e1fhf
    b ggmphhu
    c 00egghe
    d 11djhhf
    e 00ehvge
    f 698s888
    g 00fhhhf1e
    h ggmphhh
    i 40c444e
    j 2062222ic
    k ggikoki
    l c44444e
    m 00qllll
    n 00mphhh
    o 00ehhhe
    p 00uhhhugg
    q 00fhhhf11
    r 00mpggg
    s 00fge1u
    t 88s8896
    u 00hhhjd
    v 00hhha4
    w 00hhlla
    x 00ha4ah
    y 00hhhhf1e
    z 00v248v
    . 00000cc
    , 00000cc48
    : 0cc0cc0
    ; 0cc0cc48
    - 000v000
    + 044v440
    ( 2488842
    ) 8422248
    / 01248g0
    _ 000000v
    % op248j3
    ' cc80000
    " aaa0000
    ! 4444404
    ? eh12404
    = 00v0v00
    # aavavaa
    & cik8lid
    [ e88888e
    ] e22222e
    < 248g842
    > 8421248
    * 0a4v4a0
    ~ 008l200
    | 4444444
    @ ehnlnge
    $ 4fke5u4
    """
}
