/**
 * Machine code of our own: encoders for the few instructions that hand-off stubs and the sample
 * kernels are made of.
 *
 * <pre>{@code
 * byte[] stub =
 *     new Arm64Assembler()
 *         .mov(Arm64Register.X0, dtb)
 *         .mov(Arm64Register.X4, kernel)
 *         .br(Arm64Register.X4)
 *         .assemble();
 * }</pre>
 */
package io.github.kexecsim.model.asm;
