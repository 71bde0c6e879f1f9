using System.Text;
using Lockstep.Gateway.Accounts;

namespace Lockstep.Gateway.Tests.Accounts;

/// <summary>What is sealed opens with the same key, for the same purpose, unchanged; and servers of other versions read it.</summary>
public sealed class SealedBytesTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];

    [Fact]
    public void Sealed_InTheFormOfEarlierVersions_Opens()
    {
        var stored = Convert.FromHexString("000102030405060708090a0b306ab76fe592a368ad32f2eadd8c1c9e831e9f70c740c52a5ca317205cc44a");

        Assert.Equal("what was sealed", Encoding.UTF8.GetString(SealedBytes.Open(Key, stored, "somebody"u8)!));
    }

    [Fact]
    public void Sealed_OpensWithItsKey_AndForWhatItIsBoundTo_Only()
    {
        var closed = SealedBytes.Seal(Key, "plain"u8, "somebody"u8);

        Assert.Equal("plain"u8.ToArray(), SealedBytes.Open(Key, closed, "somebody"u8));
        Assert.Null(SealedBytes.Open(new byte[32], closed, "somebody"u8));
        Assert.Null(SealedBytes.Open(Key, closed, "somebody else"u8));
        Assert.Null(SealedBytes.Open(Key, closed));
        Assert.Empty(SealedBytes.Open(Key, SealedBytes.Seal(Key, []))!);
        Assert.NotEqual(closed, SealedBytes.Seal(Key, "plain"u8, "somebody"u8));
    }

    [Fact]
    public void Sealed_ThatWasChangedOrCutShort_DoesNotOpen()
    {
        var closed = SealedBytes.Seal(Key, "plain"u8);
        for (var i = 0; i < closed.Length; i++)
        {
            Assert.Null(SealedBytes.Open(Key, closed.AsSpan(0, i)));
            closed[i] ^= 1;
            Assert.Null(SealedBytes.Open(Key, closed));
            closed[i] ^= 1;
        }

        Assert.NotNull(SealedBytes.Open(Key, closed));
    }
}
