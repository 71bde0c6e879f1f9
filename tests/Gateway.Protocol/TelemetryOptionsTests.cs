using Lockstep.Silo.Telemetry;

namespace Lockstep.Gateway.Protocol;

public sealed class TelemetryOptionsTests
{
    private static readonly TelemetryOptions Good = new() { OtlpEndpoint = "http://127.0.0.1:4317" };

    [Fact]
    public void Defaults_SendNothing_AndAreRight()
    {
        Assert.False(new TelemetryOptions().IsOn);
        Assert.Empty(new TelemetryOptions().Problems());
        Assert.Empty((Good with { Protocol = "http/protobuf", TraceRatio = 0.1, OtlpEndpoint = "https://otlp.example.org/lockstep" }).Problems());
        Assert.True(Good.IsOn);
        Assert.False(Good.Traces);
    }

    [Theory]
    [InlineData("127.0.0.1:4317")]
    [InlineData("collector")]
    [InlineData("unix:/run/otlp.sock")]
    [InlineData("http://user:n0b0dys@127.0.0.1:4317")]
    [InlineData("http://127.0.0.1:4317/?token=n0b0dys")]
    public void Endpoint_ThatIsNone_IsAProblem_AndNotRepeated(string endpoint)
    {
        var problem = Assert.Single((Good with { OtlpEndpoint = endpoint }).Problems());
        Assert.Contains("Telemetry:OtlpEndpoint", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("n0b0dys", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_ThatCannotBe_AreProblems()
    {
        Assert.Contains("OtlpEndpoint", Assert.Single(new TelemetryOptions { TraceRatio = 1 }.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void LogsEndpoint_WithItsHeader_IsRight() => Assert.Empty(
        new TelemetryOptions { LogsEndpoint = "https://o1.ingest.example.org/api/2/integration/otlp/v1/logs", LogsHeaders = "x-sentry-auth=sentry sentry_key=0f1e, x-other=1" }.Problems());

    [Theory]
    [InlineData("collector:4318", "")]
    [InlineData("http://user:n0b0dys@127.0.0.1:4318/v1/logs", "")]
    [InlineData("http://127.0.0.1:4318/v1/logs", "n0b0dys")]
    [InlineData("http://127.0.0.1:4318/v1/logs", "a=n0b0dys,b")]
    [InlineData("http://127.0.0.1:4318/v1/logs", "=n0b0dys")]
    [InlineData("http://127.0.0.1:4318/v1/logs", "a b=n0b0dys")]
    [InlineData("http://127.0.0.1:4318/v1/logs", "a=n0b0dys\nb")]
    [InlineData(null, "a=n0b0dys")]
    public void Logs_ThatCannotBeSentLikeThat_AreAProblem_AndNothingIsRepeated(string? endpoint, string headers)
    {
        var problem = Assert.Single(new TelemetryOptions { LogsEndpoint = endpoint, LogsHeaders = headers }.Problems());
        Assert.Contains("Telemetry:Logs", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("n0b0dys", problem, StringComparison.Ordinal);
    }
}
