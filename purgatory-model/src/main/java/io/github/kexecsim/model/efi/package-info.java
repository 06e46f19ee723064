/**
 * The emulated-EFI course: a zboot image placed whole, which its own EFI stub unpacks against
 * emulated boot services.
 *
 * <pre>{@code
 * EfiPlan plan = EfiPlan.of(request, EfiOptions.DEFAULT.withRngSeed(7));
 * plan.placed().segments();    // kernel, initrd, dtb, efi_services, stack
 * plan.reserve();              // what memory is needed for, item by item
 * plan.symbols();              // what the purgatory is told
 *
 * EfiOutcome outcome = EfiSimulator.run(plan);
 * outcome.isSuccess();         // the next kernel was entered, and nothing was found wrong
 * outcome.events();            // every service called, with arguments and results
 * outcome.kernel();            // where the stub put the kernel, and the digest of its bytes
 * }</pre>
 *
 * <p>The purgatory is the services block itself. It turns the MMU on with a 1:1 map of usable
 * memory, sets the stack, and branches to the zboot image's entry, which never comes back: a return
 * is an {@link io.github.kexecsim.model.efi.EfiOutcome.Ending} of its own.
 *
 * <p>What a stub asks of the firmware differs ({@link
 * io.github.kexecsim.loader.image.StubGeneration}). That of v6.1 hands the decompressed kernel to
 * LoadImage and is no user of AllocatePages itself; since v6.2 the stub asks for memory and random
 * bytes and does the rest alone. {@link io.github.kexecsim.model.efi.EfiService#MINIMAL} is enough
 * for the latter and not for the former.
 *
 * <p>Services are called as the stub calls them, through the pointers in the tables that lie in
 * modelled memory; so memory changed between {@link io.github.kexecsim.model.efi.EfiSimulator#load}
 * and {@link io.github.kexecsim.model.efi.EfiSimulator#execute} shows.
 */
package io.github.kexecsim.model.efi;
