/*
 * Runs one statically linked Linux x86-64 program on an emulated machine without an operating system: it loads the program,
 * answers the system calls that a single-threaded program of glibc makes for memory and output, and ends the machine.
 *
 * Standard output goes to the first parallel port, standard error to the second, the end ("exit N", "signal N") to the
 * first serial port; the emulator writes each to a file. No interrupts, no threads, no files, no signal handlers.
 */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t u64;

#define PAGE 4096ul
#define DIRECT 0xffff800000000000ul
#define MAPPINGS 0x100000000ul   /* where mmap starts */
#define STACK_TOP 0x7ffffff00000ul
#define STACK_BYTES (8ul << 20)
#define PIE_BASE 0x555500000000ul
#define PRESENT 1ul
#define WRITABLE 2ul
#define USER 4ul
#define NO_EXECUTE (1ul << 63)
#define OWNED (1ul << 9)         /* of the bits free for us: a page stands behind the entry, present or not */
#define FRAME 0x000ffffffffff000ul

extern char program_start[], program_end[], arguments_start[], arguments_end[], environment_start[], environment_end[];
extern char exception_entries[], kernel_stack_top[], image_end[];
extern u64 pml4[], program_stack;
extern void system_call_entry(void);
extern void enter_program(u64 entry, u64 stack) __attribute__((noreturn));

/* ---- ports and messages ---- */

static inline void out8(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline uint8_t in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline void write_msr(uint32_t msr, u64 value) {
  __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
static inline u64 time_stamp(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (u64)high << 32 | low;
}

static void print(uint16_t port, const char *text, u64 bytes) {
  for (u64 i = 0; i < bytes; i++) {
    out8(port, (uint8_t)text[i]);
    out8(port + 2, 0x0d); /* strobe */
    out8(port + 2, 0x0c);
  }
}

static u64 length(const char *text) {
  u64 n = 0;
  while (text[n] != 0) n++;
  return n;
}

static void say(const char *text) { print(0x278, text, length(text)); }

static void say_number(u64 value, unsigned base) {
  char digits[24];
  int at = 24;
  do {
    digits[--at] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  print(0x278, digits + at, (u64)(24 - at));
}

static void status(const char *text) {
  for (; *text != 0; text++) {
    while ((in8(0x3fd) & 0x20) == 0) {
    }
    out8(0x3f8, (uint8_t)*text);
  }
}

static void __attribute__((noreturn)) end(const char *how, u64 code) {
  char digits[8];
  int at = 8;
  digits[--at] = 0;
  digits[--at] = '\n';
  do {
    digits[--at] = (char)('0' + code % 10);
    code /= 10;
  } while (code != 0);
  status(how);
  status(digits + at);
  while ((in8(0x3fd) & 0x60) != 0x60) {
  }
  for (const char *word = "Shutdown"; *word != 0; word++) out8(0x8900, (uint8_t)*word);
  for (;;) __asm__ volatile("hlt");
}

static void __attribute__((noreturn)) refuse(const char *why) {
  say("emulate: ");
  say(why);
  say("\n");
  end("exit ", 126);
}

void *memset(void *to, int value, size_t bytes) {
  void *at = to;
  __asm__ volatile("rep stosb" : "+D"(at), "+c"(bytes) : "a"(value) : "memory");
  return to;
}

void *memcpy(void *to, const void *from, size_t bytes) {
  void *at = to;
  __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(bytes)::"memory");
  return to;
}

/* ---- memory ---- */

static u64 next_frame, last_frame, free_frames;

static void *direct(u64 physical) { return (void *)(DIRECT + physical); }

static u64 new_frame(void) {
  u64 frame = free_frames;
  if (frame != 0) {
    free_frames = *(u64 *)direct(frame);
  } else {
    frame = next_frame;
    if (frame >= last_frame) return 0;
    next_frame += PAGE;
  }
  u64 *at = direct(frame);
  u64 count = PAGE / 8;
  __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(0ul) : "memory");
  return frame;
}

static u64 *entry_of(u64 address, int create) {
  u64 *table = pml4;
  for (int shift = 39; shift > 12; shift -= 9) {
    u64 *entry = &table[address >> shift & 511];
    if ((*entry & PRESENT) == 0) {
      u64 frame = create ? new_frame() : 0;
      if (frame == 0) return NULL;
      *entry = frame | PRESENT | WRITABLE | USER;
    }
    table = direct(*entry & FRAME);
  }
  return &table[address >> 12 & 511];
}

/* Linux protection bits (1 read, 2 write, 4 execute) to those of an entry. */
static u64 protection(u64 linux_bits) {
  return (linux_bits != 0 ? PRESENT : 0) | USER | (linux_bits & 2 ? WRITABLE : 0) | (linux_bits & 4 ? 0 : NO_EXECUTE);
}

static void flush(u64 address) { __asm__ volatile("invlpg (%0)" ::"r"(address) : "memory"); }

/* Protects the pages, after giving those that are to be used and have none a page of zeros. */
static int map(u64 address, u64 bytes, u64 linux_bits) {
  for (u64 at = address & ~(PAGE - 1); at < address + bytes; at += PAGE) {
    u64 *entry = entry_of(at, 1);
    if (entry == NULL) return 0;
    u64 frame = *entry & FRAME;
    if ((*entry & OWNED) == 0) {
      if (linux_bits == 0) continue;
      frame = new_frame();
      if (frame == 0) return 0;
    }
    *entry = frame | OWNED | protection(linux_bits);
    flush(at);
  }
  return 1;
}

static void unmap(u64 address, u64 bytes) {
  for (u64 at = address; at < address + bytes; at += PAGE) {
    u64 *entry = entry_of(at, 0);
    if (entry == NULL || (*entry & OWNED) == 0) continue;
    u64 frame = *entry & FRAME;
    *(u64 *)direct(frame) = free_frames;
    free_frames = frame;
    *entry = 0;
    flush(at);
  }
}

/* ---- system calls ---- */

static u64 heap_start, heap_end, next_mapping = MAPPINGS;

enum { ENOENT_ = 2, EBADF_ = 9, EAGAIN_ = 11, ENOMEM_ = 12, EINVAL_ = 22, ENOTTY_ = 25, ENOSYS_ = 38 };

static int64_t write_to(u64 file, const char *from, u64 bytes) {
  if (file != 1 && file != 2) return -EBADF_;
  print(file == 1 ? 0x378 : 0x278, from, bytes);
  return (int64_t)bytes;
}

struct part {
  const char *from;
  u64 bytes;
};

int64_t system_call(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, u64 number) {
  (void)e;
  (void)f;
  switch (number) {
    case 1:
      return write_to(a, (const char *)b, c);
    case 20: { /* writev */
      int64_t sum = 0;
      const struct part *parts = (const struct part *)b;
      for (u64 i = 0; i < c; i++) {
        int64_t n = write_to(a, parts[i].from, parts[i].bytes);
        if (n < 0) return n;
        sum += n;
      }
      return sum;
    }
    case 9: { /* mmap */
      if ((d & 0x20) == 0) return -EBADF_; /* of a file */
      if (b == 0) return -EINVAL_;
      u64 bytes = (b + PAGE - 1) & ~(PAGE - 1);
      u64 address = next_mapping;
      if (d & 0x10) { /* at this address */
        address = a;
        unmap(address, bytes);
      } else {
        next_mapping += bytes + PAGE; /* a gap, so that no overrun goes unseen */
      }
      if (!map(address, bytes, c)) {
        unmap(address, bytes);
        return -ENOMEM_;
      }
      return (int64_t)address;
    }
    case 10: /* mprotect */
      return map(a, b, c) ? 0 : -ENOMEM_;
    case 11: /* munmap */
      unmap(a, (b + PAGE - 1) & ~(PAGE - 1));
      return 0;
    case 12: /* brk */
      if (a > heap_end) {
        u64 from = (heap_end + PAGE - 1) & ~(PAGE - 1);
        if (a > from && !map(from, a - from, 3)) return (int64_t)heap_end;
      }
      if (a >= heap_start) heap_end = a;
      return (int64_t)heap_end;
    case 28: { /* madvise: MADV_DONTNEED makes zeros */
      if (c == 4)
        for (u64 at = a; at < a + b; at += PAGE) {
          u64 *entry = entry_of(at, 0);
          if (entry != NULL && (*entry & OWNED)) memset(direct(*entry & FRAME), 0, PAGE);
        }
      return 0;
    }
    case 158: /* arch_prctl */
      if (a == 0x1002) { /* ARCH_SET_FS */
        write_msr(0xc0000100, b);
        return 0;
      }
      if (a == 0x1023) { /* ARCH_REQ_XCOMP_PERM: all that the processor has is enabled */
        uint32_t low, high;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        return b < 32 && (low >> b & 1) ? 0 : -EINVAL_;
      }
      return -EINVAL_;
    case 16: /* ioctl */
      return -ENOTTY_;
    case 5:
    case 262: { /* fstat, newfstatat: a character device */
      uint32_t *s = (uint32_t *)(number == 5 ? b : c);
      if (number == 262 && *(const char *)b != 0) return -ENOENT_;
      memset(s, 0, 144);
      s[6] = 0020620;
      s[14] = 1024;
      return 0;
    }
    case 2:
    case 257: /* open, openat */
    case 21:
    case 89:
    case 267: /* access, readlink, readlinkat */
      return -ENOENT_;
    case 0: /* read: nothing to come */
    case 3: /* close */
    case 13:
    case 14: /* rt_sigaction, rt_sigprocmask */
    case 24: /* sched_yield */
    case 131: /* sigaltstack */
    case 273: /* set_robust_list */
      return 0;
    case 39:
    case 186:
    case 218: /* getpid, gettid, set_tid_address */
      return 1;
    case 102:
    case 104:
    case 107:
    case 108: /* user and group */
      return 0;
    case 202: /* futex: nobody else is there to change it */
      return (b & 127) == 1 ? 0 : -EAGAIN_;
    case 204: /* sched_getaffinity */
      if (b < 8) return -EINVAL_;
      *(u64 *)c = 1;
      return 8;
    case 302: /* prlimit64 */
      if (d != 0) {
        ((u64 *)d)[0] = STACK_BYTES;
        ((u64 *)d)[1] = ~0ul;
      }
      return 0;
    case 318: { /* getrandom: the same on every run */
      static u64 state = 88172645463325252ul;
      for (u64 i = 0; i < b; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((uint8_t *)a)[i] = (uint8_t)state;
      }
      return (int64_t)b;
    }
    case 228: /* clock_gettime: emulated instructions as nanoseconds */
      ((u64 *)b)[0] = time_stamp() / 1000000000ul;
      ((u64 *)b)[1] = time_stamp() % 1000000000ul;
      return 0;
    case 60:
    case 231:
      end("exit ", a & 255);
    case 234: /* tgkill */
      end("signal ", c);
    case 334: /* rseq */
    case 25:  /* mremap: the C library copies then */
      return -ENOSYS_;
    default:
      say("emulate: system call ");
      say_number(number, 10);
      say(" is not supported\n");
      return -ENOSYS_;
  }
}

/* ---- exceptions ---- */

struct exception_frame {
  u64 vector, error, instruction, code, flags, stack;
};

void __attribute__((noreturn)) exception(const struct exception_frame *at) {
  static const uint8_t signals[32] = {8, 5, 11, 5, 11, 11, 4, 11, 11, 11, 11, 7, 7, 11, 11, 11, 8, 7, 11, 8};
  u64 address;
  __asm__ volatile("mov %%cr2, %0" : "=r"(address));
  say("emulate: exception ");
  say_number(at->vector, 10);
  say((at->code & 3) != 0 ? " at 0x" : " in the kernel at 0x");
  say_number(at->instruction, 16);
  if (at->vector == 14) {
    say(at->error & 2 ? ", writing 0x" : ", reading 0x");
    say_number(address, 16);
  }
  if (at->vector == 6 && (at->code & 3) != 0) {
    say(", bytes");
    for (int i = 0; i < 8; i++) {
      say(" ");
      say_number(((const uint8_t *)at->instruction)[i], 16);
    }
  }
  say("\n");
  end("signal ", signals[at->vector & 31]);
}

/* ---- start ---- */

struct __attribute__((packed)) pointer {
  uint16_t limit;
  u64 base;
};

static u64 gdt[8] = {0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0, 0x00cff3000000ffff, 0x00affb000000ffff, 0, 0};
static u64 idt[64];
static uint32_t tss[26];

static void load_tables(void) {
  u64 base = (u64)tss;
  tss[1] = (uint32_t)(u64)kernel_stack_top;
  tss[25] = 104 << 16;
  gdt[6] = 103 | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 255) << 56;
  gdt[7] = base >> 32;
  for (u64 i = 0; i < 32; i++) {
    u64 entry = (u64)exception_entries + 16 * i;
    idt[2 * i] = (entry & 0xffff) | 0x08ul << 16 | 0x8eul << 40 | (entry >> 16 & 0xffff) << 48;
    idt[2 * i + 1] = entry >> 32;
  }
  struct pointer g = {sizeof gdt - 1, (u64)gdt}, i = {sizeof idt - 1, (u64)idt};
  __asm__ volatile(
      "lgdt %0; lidt %1; ltr %w2\n"
      "pushq $0x08; pushq $1f; lretq; 1:\n"
      "mov %3, %%ds; mov %3, %%es; mov %3, %%ss" ::"m"(g), "m"(i), "r"(0x30), "r"(0x10) : "memory");
  write_msr(0xc0000081, 0x18ul << 48 | 0x08ul << 32);
  write_msr(0xc0000082, (u64)system_call_entry);
  write_msr(0xc0000084, 0x47700);
}

/* All of x87, SSE, AVX, AVX-512 and AMX that there is. */
static void enable_registers(void) {
  uint32_t a = 13, b, c = 0, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  __asm__ volatile("xsetbv" ::"a"(a & 0x600e7), "c"(0), "d"(0));
}

/* Bochs 3.1 as Debian compiles it with GCC 16 has 0 here. */
static void check_division(void) {
  volatile int64_t dividend = -1000000000, divisor = 1000;
  if (dividend / divisor != -1000000) {
    refuse("this emulator divides wrongly: -1000000000 / 1000 is not -1000000; compile Bochs with -fno-strict-aliasing");
  }
}

/* Bochs 3.1 takes the signed bytes of tile products for unsigned ones. */
static void check_tiles(void) {
  static uint8_t configuration[64] __attribute__((aligned(64))), ones[64], result[64];
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x60000) != 0x60000) return;
  configuration[0] = 1;
  for (int tile = 0; tile < 3; tile++) {
    configuration[16 + 2 * tile] = 4; /* bytes a row */
    configuration[48 + tile] = 1;     /* rows */
  }
  for (int i = 0; i < 4; i++) ones[i] = 0xff;
  __asm__ volatile(
      "ldtilecfg %0; tilezero %%tmm0\n"
      "tileloadd (%2,%3,1), %%tmm1; tileloadd (%2,%3,1), %%tmm2\n"
      "tdpbssd %%tmm2, %%tmm1, %%tmm0; tilestored %%tmm0, (%4,%3,1); tilerelease"
      : : "m"(configuration), "m"(ones), "r"(ones), "r"(64ul), "r"(result) : "memory");
  if (*(const int32_t *)result != 4) {
    refuse("this emulator multiplies tiles of signed bytes wrongly; compile Bochs with bochs-amx.sed (README.md)");
  }
}

static u64 *strings(const char *from, const char *to, u64 *words) {
  while (from < to) {
    *words++ = (u64)from;
    from += length(from) + 1;
  }
  *words++ = 0;
  return words;
}

void __attribute__((noreturn)) start(void) {
  static u64 words[4096];
  out8(0x3fb, 0x80); /* serial port: fastest, 8 bits */
  out8(0x3f8, 1);
  out8(0x3f9, 0);
  out8(0x3fb, 3);
  load_tables();
  enable_registers();
  check_division();
  check_tiles();
  next_frame = ((u64)image_end + PAGE - 1) & ~(PAGE - 1);
  last_frame = (u64)MEGABYTES << 20;

  const char *file = direct((u64)program_start);
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
  if (*(const uint32_t *)file != 0x464c457f || header->e_machine != EM_X86_64) refuse("not an x86-64 program");
  u64 base = header->e_type == ET_DYN ? PIE_BASE : 0;
  const Elf64_Phdr *parts = (const Elf64_Phdr *)(file + header->e_phoff);
  u64 headers = 0;
  for (int i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *p = &parts[i];
    if (p->p_type == PT_INTERP) refuse("the program is linked dynamically; link it with -static");
    if (p->p_type != PT_LOAD) continue;
    u64 address = base + p->p_vaddr;
    if (address < 2ul << 20) refuse("the program asks for the first 2 MiB of addresses, where the loader is");
    if (!map(address, p->p_memsz, 3)) refuse("the program needs more memory than the machine has");
    memcpy((void *)address, file + p->p_offset, p->p_filesz);
    u64 bits = (p->p_flags & PF_R ? 1 : 0) | (p->p_flags & PF_W ? 2 : 0) | (p->p_flags & PF_X ? 4 : 0);
    map(address, p->p_memsz, bits);
    if (header->e_phoff >= p->p_offset && header->e_phoff < p->p_offset + p->p_filesz) {
      headers = address + header->e_phoff - p->p_offset;
    }
    if (heap_start < address + p->p_memsz) heap_start = address + p->p_memsz;
  }
  heap_start = heap_end = (heap_start + PAGE - 1) & ~(PAGE - 1);

  if (!map(STACK_TOP - STACK_BYTES, STACK_BYTES, 3)) refuse("no memory for the stack");
  u64 text_bytes = (u64)(environment_end - arguments_start);
  char *text = (char *)(STACK_TOP - ((text_bytes + 63) & ~63ul));
  memcpy(text, direct((u64)arguments_start), text_bytes);
  char *environment = text + (environment_start - arguments_start);
  u64 *random = (u64 *)text - 2;
  random[0] = 0x0123456789abcdeful;
  random[1] = 0xfedcba9876543200ul;
  u64 *w = words + 1;
  w = strings(text, text + (arguments_end - arguments_start), w);
  words[0] = (u64)(w - words - 2);
  w = strings(environment, text + text_bytes, w);
  const u64 auxiliary[][2] = {{AT_PHDR, headers}, {AT_PHENT, header->e_phentsize}, {AT_PHNUM, header->e_phnum},
                              {AT_PAGESZ, PAGE}, {AT_ENTRY, base + header->e_entry}, {AT_RANDOM, (u64)random},
                              {AT_CLKTCK, 100}, {AT_SECURE, 0}, {AT_NULL, 0}};
  memcpy(w, auxiliary, sizeof auxiliary);
  u64 bytes = (u64)((char *)w - (char *)words) + sizeof auxiliary;
  u64 stack = ((u64)random - bytes) & ~63ul;
  memcpy((void *)stack, words, bytes);
  enter_program(base + header->e_entry, stack);
}
