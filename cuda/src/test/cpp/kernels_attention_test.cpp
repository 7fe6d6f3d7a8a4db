void test_attention() {}
