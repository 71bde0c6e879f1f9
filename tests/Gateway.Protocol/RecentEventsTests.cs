using Lockstep.Gateway.Audit;

namespace Lockstep.Gateway.Protocol;

/// <summary>The newest events, in bounded memory.</summary>
public sealed class RecentEventsTests
{
    [Fact]
    public void Events_BeyondTheMost_ForgetTheOldest_AndComeNewestFirst()
    {
        var trail = Trail(kept: 2, out var events);

        foreach (var user in new[] { "a", "b", "c" })
        {
            trail.Write(AuditEvents.SignedIn, new AuditSource("POST", "/admin/api/session", null, user));
        }

        Assert.True(trail.IsOn);
        Assert.Equal(["c", "b"], events.Read().Select(static one => one.Source.User));
    }

    [Fact]
    public void Text_OfAClient_IsCutOff()
    {
        var trail = Trail(kept: 1, out var events);

        trail.Write(AuditEvents.WrongPassword, new AuditSource("GET", "/" + new string('x', 100_000), null, new string('u', 100_000), new string('a', 100_000)));

        var source = events.Read().Single().Source;
        Assert.All(new[] { source.Path, source.User!, source.Agent }, static text => Assert.InRange(text.Length, 500, 501));
    }

    [Fact]
    public void Trail_ThatKeepsNone_IsOff()
    {
        var trail = Trail(kept: 0, out var events);

        trail.Write(AuditEvents.SignedIn, new AuditSource("POST", "/", null, "a"));

        Assert.False(trail.IsOn);
        Assert.Empty(events.Read());
    }

    private static AuditTrail Trail(int kept, out RecentEvents events)
    {
        events = new RecentEvents(kept);
        return new AuditTrail(new AuditOptions(), events, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<AuditTrail>.Instance);
    }
}
