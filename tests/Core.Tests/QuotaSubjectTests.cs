using Lockstep.Core.Quotas;

namespace Lockstep.Core.Tests;

/// <summary>What a quota can be about.</summary>
public sealed class QuotaSubjectTests
{
    [Theory]
    [InlineData("/users/account:alice", "account:alice", null, null)]
    [InlineData("/users/corp:a/b", "corp:a/b", null, null)]
    [InlineData("/buckets/team", null, "team", null)]
    [InlineData("/buckets/u:team", null, "u:team", null)]
    [InlineData("/buckets/team/collections/log-1_a", null, "team", "log-1_a")]
    [InlineData("/buckets/u:team/collections/log", null, "u:team", "log")]
    public void Text_OfASubject_IsTakenApart(string text, string? user, string? bucket, string? collection)
    {
        var subject = QuotaSubject.Parse(text);

        Assert.Equal((text, user, bucket, collection), (subject?.Text, subject?.User, subject?.Bucket, subject?.Collection));
    }

    [Theory]
    [InlineData("")]
    [InlineData("account:alice")]
    [InlineData("/users/")]
    [InlineData("/users/alice")]
    [InlineData("/users/account:")]
    [InlineData("/users/:alice")]
    [InlineData("/users/a:\0")]
    [InlineData("/users/system.Everyone")]
    [InlineData("/users//buckets/team/groups/a:b")]
    [InlineData("/buckets/")]
    [InlineData("/buckets/u:")]
    [InlineData("/buckets/b:team")]
    [InlineData("/buckets/-team")]
    [InlineData("/buckets/te am")]
    [InlineData("/buckets/team/collections/")]
    [InlineData("/buckets/team/collections/u:log")]
    [InlineData("/buckets/team/collections/log/records/a")]
    [InlineData("/buckets/team/groups/staff")]
    [InlineData("/collections/log")]
    public void Text_ThatIsAboutNothing_IsNone(string text) => Assert.Null(QuotaSubject.Parse(text));

    [Fact]
    public void Text_ThatIsTooLong_IsNone()
    {
        Assert.NotNull(QuotaSubject.Parse($"/users/a:{new string('x', 510)}"));
        Assert.Null(QuotaSubject.Parse($"/users/a:{new string('x', 511)}"));
        Assert.Null(QuotaSubject.Parse($"/users/a:{new string('é', 256)}"));
        Assert.NotNull(QuotaSubject.Parse($"/buckets/{new string('x', 255)}"));
        Assert.Null(QuotaSubject.Parse($"/buckets/{new string('x', 256)}"));
    }
}
