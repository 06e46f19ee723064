package io.github.kexecsim.model.asm;

/**
 * A place in code that may be named before it is reached; bound once, by {@link Assembler#bind}.
 */
public final class Label {
  private static final int UNBOUND = -1;

  /** A label that is bound to no place yet. */
  public Label() {}

  private int offset = UNBOUND;

  void bind(int newOffset) {
    if (offset != UNBOUND) {
      throw new IllegalStateException("the label is bound already, to offset " + offset);
    }
    offset = newOffset;
  }

  int offset() {
    if (offset == UNBOUND) {
      throw new IllegalStateException("the label was never bound");
    }
    return offset;
  }
}
