/**
 * A kimage: what a kernel keeps of a loaded image, and the list by which it gets into place ({@code
 * kernel/kexec_core.c}).
 *
 * <p>The segments' memory is in use while an image is loaded, so every page of them waits in a
 * source page elsewhere. The list tells the relocation code what to copy where. Each entry is a
 * page's physical address and a flag in its low bits ({@link
 * io.github.kexecsim.model.kimage.KimageEntry}). Three pages for 0x108000 read:
 *
 * <pre>
 * head  0x100000 | INDIRECTION    the list goes on in page 0x100000
 *       0x108000 | DESTINATION    what follows goes to 0x108000, 0x109000, ...
 *       0x101000 | SOURCE
 *       0x102000 | SOURCE
 *       0x103000 | SOURCE
 *                  DONE
 * </pre>
 *
 * <p>A page holds 511 entries (with 4 KiB pages) and a last one that leads to the next page.
 *
 * <p>Copying in list order must never destroy a page that is still to be read. The kernel ensures
 * it by an invariant: <em>a source page is its own destination, or it is no destination at
 * all</em>. {@link io.github.kexecsim.model.kimage.KimageLoader} holds to it as the kernel does,
 * whatever page the allocator offers:
 *
 * <ul>
 *   <li>on the very destination that is wanted, or on none: it is used;
 *   <li>on a destination that has a source already: that source moves there, in place, and the page
 *       it had is used instead;
 *   <li>on a destination whose turn has not come: it is held until then.
 * </ul>
 *
 * <p>Which pages the allocator offers depends on everything that the machine ever did. It is an
 * explicit choice, {@link io.github.kexecsim.model.kimage.PageSource}, the same on every run.
 *
 * <p>A crash load goes into memory that was set aside, so its segments are put in place at once: no
 * list, and the head is DONE. Its control pages come from the holes between them.
 */
package io.github.kexecsim.model.kimage;
