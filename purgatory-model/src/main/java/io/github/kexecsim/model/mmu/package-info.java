/**
 * The page tables under which the relocation code runs, and the walk of them.
 *
 * <p>The running kernel's own tables may lie where a segment goes, so new ones are built in control
 * pages before it leaves:
 *
 * <table>
 *   <caption>what each architecture builds</caption>
 *   <tr><td>arm64</td><td>{@link io.github.kexecsim.model.mmu.Arm64Tables}: one page, that of the
 *     relocation code, at its physical address (TTBR0, as many levels as the granule needs for 48
 *     or 52 bits), and a copy of the linear map (TTBR1), through which it copies; then the MMU is
 *     turned off</td></tr>
 *   <tr><td>x86_64</td><td>{@link io.github.kexecsim.model.mmu.X86Tables}: all memory, by 1 GiB and
 *     2 MiB pages in 4 or 5 levels, under which the next kernel begins; and once more the page of
 *     the code where the running kernel calls it</td></tr>
 *   <tr><td>riscv64, loongarch64</td><td>{@link io.github.kexecsim.model.mmu.WithoutTables}: the
 *     MMU off, or a window on all memory</td></tr>
 * </table>
 *
 * <p>{@link io.github.kexecsim.model.mmu.Arm64FlatMap} is another thing: the 1:1 map of memory that
 * an EFI application runs under.
 *
 * <p>{@link io.github.kexecsim.model.mmu.IdentityMap#translate} walks the descriptors that stand in
 * memory, not the plan, so that a table overwritten or in the wrong page translates to what the CPU
 * would see.
 */
package io.github.kexecsim.model.mmu;
