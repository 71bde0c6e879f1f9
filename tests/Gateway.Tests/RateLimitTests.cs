using Lockstep.Gateway.Http;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Tests;

public sealed class RateLimitTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Party_TakesAMinutesWorthAtOnce_ThenOneWheneverItsTimeHasCome()
    {
        var limit = new RateLimit(60, time);

        Assert.All(Enumerable.Range(0, 60), _ => Assert.Equal(TimeSpan.Zero, limit.Take("a")));
        Assert.Equal(TimeSpan.FromSeconds(1), limit.Take("a"));
        Assert.Equal(TimeSpan.FromSeconds(1), limit.Take("a"));
        Assert.Equal(TimeSpan.Zero, limit.Take("b"));

        time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal(TimeSpan.FromMilliseconds(400), limit.Take("a"));
        time.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal(TimeSpan.Zero, limit.Take("a"));
        Assert.Equal(TimeSpan.FromSeconds(1), limit.Take("a"));
    }

    [Fact]
    public void Party_WhoRests_HasEverythingAgain_AndNoMore()
    {
        var limit = new RateLimit(10, time);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(TimeSpan.Zero, limit.Take("a")));

        time.Advance(TimeSpan.FromHours(1));

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(TimeSpan.Zero, limit.Take("a")));
        Assert.NotEqual(TimeSpan.Zero, limit.Take("a"));
    }

    [Fact]
    public void Parties_MoreThanAreToldApart_ShareALimit_UntilOthersNeedNotBeRemembered()
    {
        var limit = new RateLimit(1, time);
        var taken = 0;
        for (var i = 0; i < RateLimit.MaxParties * 2; i++)
        {
            taken += limit.Take($"a{i}") == TimeSpan.Zero ? 1 : 0;
        }

        // One more for each part of the table: what those that found no place share.
        Assert.InRange(taken, RateLimit.MaxParties / 2, RateLimit.MaxParties + 16);
        Assert.NotEqual(TimeSpan.Zero, limit.Take("a0"));

        time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.Zero, limit.Take("new"));
        Assert.NotEqual(TimeSpan.Zero, limit.Take("new"));
    }
}
