// A disk image that runs one program: boot sector, kernel and program. The boot sector reads everything behind itself to
// 1 MiB by programmed input from the first disk, enters long mode and calls start() of kernel.c.
// BIOS and Intel SDM volume 3, chapters 4 (paging), 5.8.8 (SYSCALL) and 11.9 (long mode).

#define CODE32 0x08
#define DATA 0x10
#define CODE64 0x18

        .section .boot, "ax"
        .code16
boot:   cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        inb $0x92, %al                  // address line 20
        orb $2, %al
        andb $0xfe, %al
        outb %al, $0x92
        lgdtl boot_gdtr
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
        ljmp $CODE32, $protected
        .code32
protected:
        movw $DATA, %ax
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $0x7c00, %esp
        movw $0x3f6, %dx
        movb $2, %al                    // no interrupts of the disk
        outb %al, %dx
        movl $image_start, %edi
        movl $1, %ebx                   // sector
        movl $image_sectors, %ebp       // sectors left
command:
        testl %ebp, %ebp
        jz loaded
        movl %ebp, %esi
        cmpl $256, %esi
        jbe 1f
        movl $256, %esi
1:      movw $0x1f2, %dx
        movl %esi, %eax                 // 256 is written as 0
        outb %al, %dx
        movl %ebx, %eax
        incl %edx
        outb %al, %dx
        shrl $8, %eax
        incl %edx
        outb %al, %dx
        shrl $8, %eax
        incl %edx
        outb %al, %dx
        shrl $8, %eax
        orb $0xe0, %al
        incl %edx
        outb %al, %dx
        incl %edx
        movb $0x20, %al
        outb %al, %dx
2:      movw $0x1f7, %dx
        inb %dx, %al
        andb $0x88, %al
        cmpb $0x08, %al                 // not busy, data waiting
        jne 2b
        movw $0x1f0, %dx
        movl $256, %ecx
        rep insw
        incl %ebx
        decl %ebp
        decl %esi
        jnz 2b
        jmp command
loaded: jmp enter

        .balign 8
boot_gdt:
        .quad 0
        .quad 0x00cf9b000000ffff
        .quad 0x00cf93000000ffff
        .quad 0x00af9b000000ffff
boot_gdtr:
        .word . - boot_gdt - 1
        .long boot_gdt
        .org 510
        .word 0xaa55

        .section .text.enter, "ax"
        .code32
enter:  movl $tables_start, %edi
        xorl %eax, %eax
        movl $(tables_end - tables_start) / 4, %ecx
        rep stosl
        // The first 2 MiB at their own address, for the kernel alone; 4 GiB once more at 0xffff800000000000.
        movl $pdpt_low + 7, pml4
        movl $pdpt_direct + 3, pml4 + 256 * 8
        movl $pd_low + 7, pdpt_low
        movl $0x83, pd_low
        movl $pdpt_direct, %edi
        movl $pd_direct + 3, %eax
        movl $4, %ecx
1:      movl %eax, (%edi)
        addl $0x1000, %eax
        addl $8, %edi
        loop 1b
        movl $pd_direct, %edi
        movl $0x83, %eax
        movl $2048, %ecx
1:      movl %eax, (%edi)
        addl $0x200000, %eax
        addl $8, %edi
        loop 1b
        movl $pml4, %eax
        movl %eax, %cr3
        movl %cr4, %eax
        orl $0x40620, %eax              // PAE, OSFXSR, OSXMMEXCPT, OSXSAVE
        movl %eax, %cr4
        movl $0xc0000080, %ecx
        rdmsr
        orl $0x901, %eax                // SYSCALL, long mode, no-execute
        wrmsr
        movl $0x80010033, %eax          // PG, WP, NE, ET, MP, PE
        movl %eax, %cr0
        ljmp $CODE64, $1f
        .code64
1:      movl $DATA, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        movl $kernel_stack_top, %esp
        call start

        // Enters the program: entry, stack.
        .globl enter_program
enter_program:
        movq %rdi, %rcx
        movq %rsi, %rsp
        movl $2, %r11d                  // flags; interrupts stay off
        xorl %eax, %eax
        xorl %ebx, %ebx
        xorl %edx, %edx
        xorl %esi, %esi
        xorl %edi, %edi
        xorl %ebp, %ebp
        xorl %r8d, %r8d
        xorl %r9d, %r9d
        xorl %r10d, %r10d
        xorl %r12d, %r12d
        xorl %r13d, %r13d
        xorl %r14d, %r14d
        xorl %r15d, %r15d
        sysretq

        .globl system_call_entry
system_call_entry:
        movq %rsp, program_stack
        movl $kernel_stack_top, %esp
        pushq %rcx
        pushq %r11
        pushq %rdi
        pushq %rsi
        pushq %rdx
        pushq %r10
        pushq %r8
        pushq %r9
        movq %r10, %rcx                 // the fourth argument, where a C function has it
        pushq %r9
        pushq %rax                      // number: the seventh and eighth are on the stack
        movq 8(%rsp), %r9
        call system_call
        addq $16, %rsp
        popq %r9
        popq %r8
        popq %r10
        popq %rdx
        popq %rsi
        popq %rdi
        popq %r11
        popq %rcx
        movq program_stack, %rsp
        sysretq

        // One stub of 16 bytes for each of the 32 exceptions; those without an error code push a zero.
        .globl exception_entries
        .balign 16
exception_entries:
        .set vector, 0
        .rept 32
        .balign 16
        .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
        pushq $0
        .endif
        pushq $vector
        jmp exception_common
        .set vector, vector + 1
        .endr
exception_common:
        movq %rsp, %rdi
        cld
        call exception

        .section .bss
        .balign 4096
        .globl tables_start, pml4, kernel_stack_top, program_stack
tables_start:
pml4:   .skip 4096
pdpt_low: .skip 4096
pdpt_direct: .skip 4096
pd_low: .skip 4096
pd_direct: .skip 4 * 4096
tables_end:
        .skip 16384
kernel_stack_top:
program_stack: .skip 8

        .section .payload, "a"
        .globl program_start, program_end, arguments_start, arguments_end, environment_start, environment_end
        .balign 16
program_start: .incbin "program"
program_end:
        .balign 16
arguments_start: .incbin "arguments"
arguments_end:
environment_start: .incbin "environment"
environment_end:

        .section .note.GNU-stack, "", @progbits
