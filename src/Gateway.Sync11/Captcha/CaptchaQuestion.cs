namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>A question, as a person reads it.</summary>
/// <param name="Language">Two letters.</param>
/// <param name="Title">Of the page.</param>
/// <param name="Text">What is asked.</param>
/// <param name="Challenge">What comes back with the answer, by which it is judged. Does not have the answer in it.</param>
public sealed record CaptchaQuestion(string Language, string Title, string Text, string Challenge);
