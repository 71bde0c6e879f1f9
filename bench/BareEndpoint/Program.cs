// The least that Kestrel can do for a conditional poll: the floor under the server's own cost.
var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);
await using var app = builder.Build();
app.Run(static context =>
{
    context.Response.StatusCode = StatusCodes.Status304NotModified;
    context.Response.Headers.ETag = "\"1700000000000\"";
    return Task.CompletedTask;
});
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"\"EventId\":10,\"Address\":\"{app.Urls.First()}\""));
await app.RunAsync();
