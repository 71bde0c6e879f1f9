namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>The tests' own client is as strict as the phones': it would notice.</summary>
public sealed class PhoneAnswersTests
{
    private const string Token = """{"id":"i","key":"k","api_endpoint":"https://sync.example.org/1.5/1","uid":1,"duration":300,"hashed_fxa_uid":"h"}""";

    [Fact]
    public void Token_WithAllThatIsNeeded_IsTaken() =>
        Assert.Equal(("i", "k", "https://sync.example.org/1.5/1", 300L), PhoneAnswers.Token(Answer(200, Token, ("X-Timestamp", "1"))));

    [Theory]
    [InlineData("id")]
    [InlineData("key")]
    [InlineData("api_endpoint")]
    [InlineData("uid")]
    [InlineData("duration")]
    [InlineData("hashed_fxa_uid")]
    public void Token_WithoutOneOfItsMembers_IsAFault(string name) =>
        Assert.Throws<PhoneFault>(() => PhoneAnswers.Token(Answer(200, Token.Replace($"\"{name}\"", "\"other\"", StringComparison.Ordinal), ("X-Timestamp", "1"))));

    [Fact]
    public void Token_WithoutTheServersTime_IsAFault() => Assert.Throws<PhoneFault>(() => PhoneAnswers.Token(Answer(200, Token)));

    [Fact]
    public void Storage_WithoutATime_OrWithoutJson_OrRefused_IsAFault()
    {
        Assert.NotNull(PhoneAnswers.Storage(Answer(202, "{}", ("X-Last-Modified", "1.50"))));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.Storage(Answer(200, "{}")));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.Storage(Answer(200, "", ("X-Last-Modified", "1.50"))));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.Storage(Answer(200, "<html>", ("X-Last-Modified", "1.50"))));
        Assert.Equal(404, Assert.Throws<PhoneFault>(() => PhoneAnswers.Storage(Answer(404, "0", ("X-Last-Modified", "1.50")))).Status);
        Assert.Null(PhoneAnswers.StorageOrNone(Answer(404, "0")));
    }

    [Fact]
    public void List_WithAPageThatWasNotAskedFor_IsAFault()
    {
        (string, string)[] paged = [("X-Last-Modified", "1.50"), ("X-Weave-Next-Offset", "x")];
        Assert.NotNull(PhoneAnswers.List(Answer(200, "[1,2]", paged), limit: 2));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.List(Answer(200, "[1,2]", paged)));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.List(Answer(200, "[1,2]", paged), limit: 3));
    }

    [Fact]
    public void Keys_OfAnotherTimeThanTheHeader_AreAFault()
    {
        Assert.NotNull(PhoneAnswers.Keys(Answer(200, """{"modified":1.50}""", ("X-Last-Modified", "1.50"))));
        Assert.Throws<PhoneFault>(() => PhoneAnswers.Keys(Answer(200, """{"modified":1.49}""", ("X-Last-Modified", "1.50"))));
    }

    [Theory]
    [InlineData("0.00", "0")]
    [InlineData("1234.50", "1234.5")]
    [InlineData("1234.56", "1234.56")]
    [InlineData("1234.00", "1234")]
    public void Time_IsWrittenInItsShortestForm(string received, string sent) => Assert.Equal(sent, PhoneTime.Text(PhoneTime.Parse(received)));

    private static SyncAnswer Answer(int status, string text, params (string Name, string Value)[] headers) =>
        new(status, headers.ToDictionary(static header => header.Name, static header => header.Value, StringComparer.OrdinalIgnoreCase), text);
}
