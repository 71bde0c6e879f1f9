using Lockstep.Gateway.Federation;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Tests.Federation;

/// <summary>What is remembered of an account server's answers, and of its silence.</summary>
public sealed class RefusedTokensTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Token_ThatWasRefused_IsRememberedForAMinute()
    {
        var tokens = new RefusedTokens(time);
        tokens.Add(RefusedTokens.DigestOf("a"));

        time.Advance(RefusedTokens.Lifetime - TimeSpan.FromMilliseconds(1));
        Assert.True(tokens.Contains(RefusedTokens.DigestOf("a")));
        Assert.False(tokens.Contains(RefusedTokens.DigestOf("b")));

        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(tokens.Contains(RefusedTokens.DigestOf("a")));
    }

    [Fact]
    public void Tokens_MoreThanAreKept_PushOutTheOldest()
    {
        var tokens = new RefusedTokens(time);
        for (var i = 0; i <= RefusedTokens.MaxEntries; i++)
        {
            tokens.Add((UInt128)i);
            tokens.Add((UInt128)i);
        }

        Assert.False(tokens.Contains(0));
        Assert.True(tokens.Contains(1));
        Assert.True(tokens.Contains((UInt128)RefusedTokens.MaxEntries));
    }

    [Fact]
    public void Breaker_AfterFailuresInARow_LetsNobodyAsk_ThenOne()
    {
        var breaker = new CircuitBreaker(time);
        for (var i = 0; i < CircuitBreaker.MaxFailures - 1; i++)
        {
            Assert.True(breaker.TryAsk());
            Assert.False(breaker.Failed());
        }

        Assert.True(breaker.TryAsk());
        Assert.True(breaker.Failed());
        Assert.False(breaker.TryAsk());

        time.Advance(CircuitBreaker.Pause);
        Assert.True(breaker.TryAsk());
        Assert.False(breaker.TryAsk());

        breaker.Answered();
        Assert.True(breaker.TryAsk());
        Assert.True(breaker.TryAsk());
    }
}
